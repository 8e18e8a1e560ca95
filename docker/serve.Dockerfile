# The web service with an exported model, without PyTorch. Build it from the repository's root:
#
#   python -m tools.export --format onnx --int8
#   docker build -f docker/serve.Dockerfile -t textclf-serve .
#   docker run --rm -p 127.0.0.1:8000:8000 textclf-serve
#
# --build-arg MODEL=exported/onnx takes another export. Options of tools.serve go after the image's name,
# but for --port: map another one with -p.

FROM python:3.11-slim-bookworm AS build
COPY requirements/serve.txt /tmp/
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir -r /tmp/serve.txt

FROM python:3.11-slim-bookworm
ARG MODEL=exported/onnx-int8
RUN useradd --uid 10001 --no-create-home app
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
COPY --from=build /opt/venv /opt/venv
WORKDIR /app
COPY --chown=10001 textclf textclf
COPY --chown=10001 tools tools
COPY --chown=10001 ${MODEL} /model
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=3)"]
ENTRYPOINT ["python", "-m", "tools.serve", "--host", "0.0.0.0", "--model", "/model"]
