"""What the methods leave, one module each with the `load` of what that method saved: the one door to a classifier."""

import importlib
import json
from pathlib import Path

from stages.lib.errors import InputError
from stages.lib.outputs import write_json
from stages.lib.task import Classifier

METHOD = "classifier.json"  # says which method made the folder


def save(classifier: Classifier, method: str, folder: Path) -> None:
    """Write `classifier` into `folder`, and which method made it, for `load`."""
    classifier.save(folder)
    write_json(folder / METHOD, {"method": method})


def load(folder: Path, keep: Path | None = None) -> Classifier:
    """Return the classifier in `folder`, or raise `InputError` if there is none.

    `keep` is a folder for what a frozen body says of rows, so that it is computed once; None keeps nothing.
    """
    known = [path.stem for path in Path(__file__).parent.glob("[a-z]*.py")]
    try:
        method = json.loads((folder / METHOD).read_text(encoding="utf-8"))["method"]
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(f"{folder} holds no classifier of this pipeline; dvc repro makes models/classifier") from None
    if method not in known:
        raise InputError(f"{folder / METHOD}: method = {method!r}; allowed: {', '.join(sorted(known))}")
    classifier: Classifier = importlib.import_module(f"stages.classifiers.{method}").load(folder, keep)
    return classifier
