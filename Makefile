# Everything runs in .venv, which the first target that needs it makes; an active venv does no harm.
.DEFAULT_GOAL := help
VENV := .venv
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.PHONY: help setup repro check test bench lock clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.installed  ## make .venv and install the pinned requirements

$(VENV)/.installed: requirements.txt requirements-dev.txt
	python3 -c 'import sys; sys.exit(sys.version_info < (3, 11) and "error: Python 3.11 or newer is needed, python3 is %d.%d" % sys.version_info[:2])'
	python3 -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt -r requirements-dev.txt
	touch $@

repro: setup  ## run what changed of the pipeline, and show the scores
	dvc repro
	dvc metrics show metrics/validation.json metrics/test.json

check: setup  ## lint and types, of the workflows too
	ruff check .
	ruff format --check .
	mypy stages tools
	actionlint

test: check  ## lint, types and all tests
	python -m pytest -n auto --dist loadfile --no-loadscope-reorder

bench: setup  ## time the classifier, exported and not, against transformers' pipeline
	python -m tools.bench

lock: setup  ## pin what pyproject.toml asks for in requirements.txt and requirements-dev.txt
	pip-compile --quiet --strip-extras --allow-unsafe --no-header --no-annotate --no-emit-find-links --no-emit-index-url \
	  --output-file requirements.txt pyproject.toml
	pip-compile --quiet --strip-extras --allow-unsafe --no-header --no-annotate --no-emit-find-links --no-emit-index-url --extra dev \
	  --constraint requirements.txt --output-file requirements-dev.txt pyproject.toml
	@# A local build's tag, such as +cpu, is offered on some machines only.
	sed -i.old 's/+cpu$$//' requirements.txt requirements-dev.txt && rm requirements.txt.old requirements-dev.txt.old

clean:  ## remove .venv, downloads and checkpoints to resume from (not DVC's cache)
	rm -rf $(VENV) .cache
