"""Trained classifiers: saved and loaded by their kind, one module a method with the class that the method leaves."""

import importlib
import json
from pathlib import Path

from textclf.classifiers.base import Classifier
from textclf.errors import InputError
from textclf.outputs import write_json

KIND = "classifier.json"  # the file that says which kind of classifier a folder holds
# Kinds and the modules that load them. After gradual unfreezing, method `lora` leaves an ordinary encoder.
KINDS = {"encoder": "encoder", "adapter": "lora", "features": "features", "baseline": "baseline"}


def save(classifier: Classifier, folder: Path) -> None:
    """Write `classifier` and its kind into `folder`, for `load`."""
    classifier.save(folder)
    write_json(folder / KIND, {"kind": classifier.kind})


def load(folder: Path, cache_dir: Path | None = None) -> Classifier:
    """Return the classifier in `folder`, or raise `InputError` if there is none.

    `cache_dir` keeps the vectors of a frozen body between runs; with None nothing is kept.
    """
    try:
        kind = json.loads((folder / KIND).read_text(encoding="utf-8"))["kind"]
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(f"{folder} is not a classifier from this pipeline; run dvc repro") from None
    if kind not in KINDS:
        raise InputError(f"{folder / KIND}: kind = {kind!r}; allowed: {', '.join(sorted(KINDS))}")
    classifier: Classifier = importlib.import_module(f"textclf.classifiers.{KINDS[kind]}").load(folder, cache_dir)
    return classifier
