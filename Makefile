# Everything runs in .venv, which the first target that needs it makes; an active venv does no harm.
.DEFAULT_GOAL := help
VENV := .venv
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
INSTALL := $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check
COMPILE := pip-compile --quiet --strip-extras --allow-unsafe --no-header --no-annotate --no-emit-find-links \
  --no-emit-index-url pyproject.toml
USE := --extra train --extra review --extra serve --extra export --extra publish

.PHONY: help setup repro check test faults docs bench bench-train bench-growth deps test-cluster lock clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(VENV)/.installed: requirements.txt
	python3 -c 'import sys; sys.exit(sys.version_info < (3, 11) and "error: Python 3.11 or newer is needed, python3 is %d.%d" % sys.version_info[:2])'
	python3 -m venv $(VENV)
	$(INSTALL) -r requirements.txt
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.txt
	$(INSTALL) -r requirements-dev.txt
	touch $@

setup: $(VENV)/.installed-dev  ## make .venv with the pinned packages, those for development included

repro: $(VENV)/.installed  ## run the stages that changed, and show the scores
	dvc repro
	dvc metrics show metrics/validation.json metrics/test.json
	@python -m tools.machine_note

check: setup docs  ## lint and types, of the workflows too, and the docs' links
	ruff check .
	ruff format --check .
	mypy textclf stages tools tests conftest.py docs/stage_graph.py
	actionlint

test: check  ## lint, types, docs and all tests but the cluster's; installs requirements-dev.txt too
	python -m pytest -n auto --dist loadfile --no-loadscope-reorder

test-cluster: setup  ## tests on a Ray cluster of small nodes on this machine, some of which are killed (minutes)
	python -m pytest -m cluster tests/test_cluster.py tests/test_cluster_sweep.py

faults: setup  ## kill stages and dvc at random moments, then run the fuzz tests with 1,000 inputs each (minutes)
	python -m tests.faults
	FUZZ_EXAMPLES=1000 python -m pytest -n auto tests/test_fuzz.py

docs: setup  ## build the docs into site/; a broken link is an error
	NO_MKDOCS_2_WARNING=1 mkdocs build --quiet --strict

bench: setup  ## time the classifier, exported and not, against transformers' pipeline
	python -m tools.bench

bench-growth: setup  ## measure each stage on 10,000, 100,000 and a million made-up rows (an hour)
	python -m tools.bench.growth

bench-train: setup  ## time training against two plain uses of transformers' Trainer
	python -m tools.bench.training

deps: setup  ## write the code and the packages that each stage depends on, from the imports
	python -m tools.deps

lock: setup  ## pin the packages of pyproject.toml in requirements.txt, requirements-dev.txt and requirements/
	$(COMPILE) $(USE) --output-file requirements.txt
	$(COMPILE) $(USE) --extra cluster --extra dev --constraint requirements.txt --output-file requirements-dev.txt
	$(COMPILE) $(USE) --extra cluster --constraint requirements.txt --output-file requirements/cluster.txt
	$(COMPILE) --extra serve --constraint requirements.txt --output-file requirements/serve.txt
	@# A local build's tag, such as +cpu, is offered on some machines only, and uvloop not on Windows.
	sed -i.old -e 's/+cpu$$//' -e 's/^\(uvloop==[0-9.]*\).*/\1; sys_platform != "win32"/' requirements.txt requirements-dev.txt \
	  requirements/serve.txt requirements/cluster.txt && rm requirements*.txt.old requirements/*.txt.old
	$(INSTALL) -r requirements-dev.txt
	python -m tools.deps

clean:  ## remove .venv, the built docs, downloads and checkpoints to resume from (not DVC's cache)
	rm -rf $(VENV) site .cache
