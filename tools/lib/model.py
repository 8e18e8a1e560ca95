"""A trained classifier as people use it: texts in, answers out, by the temperature and threshold that go with it."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stages import classifiers
from stages.lib import scopes
from stages.lib.errors import InputError
from stages.lib.out_of_scope import in_scope
from stages.lib.scopes import Scope
from stages.lib.scores import Probabilities, softmax
from stages.lib.task import Classifier

PARTS = CLASSIFIER, CALIBRATION, SCOPE = "classifier", "calibration.json", "scope"


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


@dataclass(frozen=True)
class Model:
    """A classifier with what validation rows decided about it."""

    folder: Path
    classifier: Classifier
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
    """Return the model in `folder`: the pipeline's `models`, or a classifier's alone, which answers everything."""
    if not (folder / CLASSIFIER).is_dir():
        return Model(folder, classifiers.load(folder), 1.0, None)
    calibration, scope = folder / CALIBRATION, folder / SCOPE
    temperature = float(_json(calibration)["temperature"]) if calibration.is_file() else 1.0
    rule = scopes.load(scope) if scope.is_dir() else None
    return Model(folder, classifiers.load(folder / CLASSIFIER), temperature, rule)


def _json(path: Path) -> dict[str, Any]:
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise InputError(f"{path} is not valid JSON; dvc repro makes it anew") from None
    return values
