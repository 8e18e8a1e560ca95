"""A trained classifier as people use it: texts in, answers out, by the temperature and threshold that go with it."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from stages import classifiers
from stages.lib import scopes
from stages.lib.errors import InputError
from stages.lib.out_of_scope import in_scope
from stages.lib.rows import Rows
from stages.lib.scopes import Scope
from stages.lib.scores import Probabilities, softmax
from stages.lib.task import Predicted

MODELS = Path("models")  # the pipeline's
PARTS = CLASSIFIER, CALIBRATION, SCOPE = "classifier", "calibration.json", "scope"
GRAPH, REPORT = "model.onnx", "export.json"  # of an exported classifier, and of what exporting it changed


@dataclass(frozen=True)
class Answers:
    """What a model says of some texts.

    `probabilities` has shape (texts, labels): of the in-scope labels, adding up to 1. `predicted` is the most probable
    label, or an out-of-scope one; `scores`, shape (texts,), say how far out of scope a text is, if there is a rule.
    """

    labels: list[str]
    probabilities: Probabilities
    predicted: list[str]
    scores: NDArray[np.float64] | None

    @property
    def intents(self) -> list[str]:
        """The most probable label of each text, whether or not it is in scope."""
        return [self.labels[number] for number in self.probabilities.argmax(axis=1)]


class Predictor(Protocol):
    """What a trained classifier and an exported one have in common."""

    @property
    def labels(self) -> list[str]:
        """The label names, in the order of the logits."""

    def rows(self, texts: list[str]) -> Rows:
        """Return texts as rows that `predict` takes."""

    def predict(self, rows: Rows, batch_size: int, what: str) -> Predicted:
        """Predict `rows`, in their order; `what` names the progress bar."""


@dataclass(frozen=True)
class Model:
    """A classifier with what validation rows decided about it."""

    folder: Path
    classifier: Predictor
    temperature: float
    scope: Scope | None

    @cached_property
    def labels(self) -> list[str]:
        """The labels that it answers with, in the order of the probabilities."""
        return in_scope(self.classifier.labels)

    def answer(self, texts: list[str], batch_size: int = 64) -> Answers:
        """Return the answers to `texts`, one or more, none empty."""
        found = self.classifier.predict(self.classifier.rows(texts), batch_size, "")
        probabilities = softmax(found.logits[:, : len(self.labels)] / self.temperature)
        predicted = [self.labels[number] for number in probabilities.argmax(axis=1)]
        if self.scope is None:
            return Answers(self.labels, probabilities, predicted, None)
        scores, decided = self.scope.decide(found.logits, found.vectors, predicted)
        return Answers(self.labels, probabilities, decided, scores)

    def copy_rules(self, folder: Path) -> None:
        """Copy the files of temperature and scope, if it has any, into `folder`."""
        if (self.folder / CALIBRATION).is_file():
            shutil.copy(self.folder / CALIBRATION, folder)
        if (self.folder / SCOPE).is_dir():
            shutil.copytree(self.folder / SCOPE, folder / SCOPE)

    @cached_property
    def checksum(self) -> str:
        """A sha256, in hexadecimal, of all of the model's files."""
        digest = hashlib.sha256()
        for part in (self.folder / name for name in PARTS) if (self.folder / CLASSIFIER).is_dir() else (self.folder,):
            for file in sorted([part] if part.is_file() else part.rglob("*")):
                if file.is_file():
                    digest.update(f"{file.relative_to(self.folder)}\0".encode() + file.read_bytes())
        return digest.hexdigest()


def load_model(folder: Path) -> Model:
    """Return the model in `folder`: the pipeline's `models`, what `tools.export` or `tools.publish` wrote, or a
    classifier alone, which answers everything.
    """
    calibration, scope = folder / CALIBRATION, folder / SCOPE
    temperature = float(_json(calibration)["temperature"]) if calibration.is_file() else 1.0
    rule = scopes.load(scope) if scope.is_dir() else None
    return Model(
        folder, _classifier(folder / CLASSIFIER if (folder / CLASSIFIER).is_dir() else folder), temperature, rule
    )


@contextmanager
def opened(folder: Path, rev: str | None) -> Iterator[Model]:
    """Give the model in `folder`, or the pipeline's at the revision `rev`, for as long as the context lasts."""
    if rev is None:
        yield load_model(folder)
        return
    from tools.lib.revisions import resolve  # imports dvc, a second's work

    with tempfile.TemporaryDirectory() as copy:
        resolve(rev).fetch([str(MODELS / part) for part in PARTS], Path(copy))
        yield load_model(Path(copy))


def _classifier(folder: Path) -> Predictor:
    if not (folder / GRAPH).is_file():
        return classifiers.load(folder)
    from tools.lib import onnx_classifier  # imports onnxruntime

    return onnx_classifier.load(folder)


def _json(path: Path) -> dict[str, Any]:
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise InputError(f"{path} is not valid JSON; dvc repro makes it anew") from None
    return values
