"""Trained classifiers: saved and loaded by their kind, one module a method with the class that the method leaves."""

import importlib
import json
from pathlib import Path

from textclf.classifiers.base import Classifier, Loading
from textclf.errors import InputError
from textclf.outputs import write_json

KIND = "classifier.json"  # the file that says which kind of classifier a folder holds, and its precision
PRECISIONS = ("bf16", "fp32")
# Kinds and the modules that load them. After gradual unfreezing, method `lora` leaves an ordinary encoder.
KINDS = {"encoder": "encoder", "adapter": "lora", "features": "frozen_linear", "baseline": "baseline"}


def save(classifier: Classifier, folder: Path) -> None:
    """Write `classifier`, its kind and its precision into `folder`, for `load`."""
    classifier.save(folder)
    write_json(folder / KIND, {"kind": classifier.kind, "precision": classifier.precision})


def load(folder: Path, loading: Loading | None = None) -> Classifier:
    """Return the classifier in `folder`, or raise `InputError` if there is none."""
    try:
        known = json.loads((folder / KIND).read_text(encoding="utf-8"))
        kind, precision = known["kind"], known["precision"]
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(f"{folder} is not a classifier from this pipeline; run dvc repro") from None
    if kind not in KINDS:
        raise InputError(f"{folder / KIND}: kind = {kind!r}; allowed: {', '.join(sorted(KINDS))}")
    if precision not in PRECISIONS:
        raise InputError(f"{folder / KIND}: precision = {precision!r}; allowed: {', '.join(PRECISIONS)}")
    module = importlib.import_module(f"textclf.classifiers.{KINDS[kind]}")
    classifier: Classifier = module.load(folder, precision, loading or Loading())
    return classifier
