# The pipeline, with the repository and its history. Build it from the repository's root:
#
#   docker build -f docker/train.Dockerfile -t textclf-train .
#   docker run --name textclf-run -v textclf-cache:/project/.dvc/cache textclf-train
#   docker cp textclf-run:/project/metrics .
#   docker rm textclf-run
#
# The volume keeps DVC's cache, so that the next container doesn't repeat a run. PyTorch comes with CUDA; for a CPU, add
# --build-arg PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu and save several GB.
#
# The image holds .git with its config: use no password in the address of a git remote.

FROM python:3.11-slim-bookworm AS build
ARG PIP_EXTRA_INDEX_URL
COPY requirements.txt /tmp/
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir -r /tmp/requirements.txt

FROM python:3.11-slim-bookworm
# Bookworm removes a package's old versions, so a pin would break the build.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --no-install-recommends --yes git \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 10001 --create-home app \
    && install --directory --owner=app --group=app /project /project/.dvc /project/.dvc/cache
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1
COPY --from=build /opt/venv /opt/venv
WORKDIR /project
COPY --chown=app:app . .
USER 10001
CMD ["dvc", "repro"]
