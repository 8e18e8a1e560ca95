"""Deciding whether a message is out of scope: a score, and the threshold above which it is."""

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from sklearn.linear_model import LogisticRegression

from stages.lib import oos_scores
from stages.lib.errors import InputError
from stages.lib.oos_scores import Floats, Tensors, unit
from stages.lib.out_of_scope import OUT_OF_SCOPE, in_scope, is_out
from stages.lib.outputs import write_json
from stages.lib.params import OutOfScope
from stages.lib.predictions import Predictions
from stages.lib.regression import from_tensors, logits, to_tensors
from stages.lib.scores import softmax

SETTINGS, TENSORS = "scope.json", "scope.safetensors"
OF_LOGITS = {"probability": oos_scores.probability, "energy": oos_scores.energy, "logit": oos_scores.logit}


@dataclass(frozen=True)
class Scope:
    """A fitted rule. `outside` are the labels that it has for messages out of scope, `fitted` what it learned.

    A message whose score is above `threshold` is out of scope.
    """

    method: str
    score: str
    neighbours: int
    outside: list[str]
    fitted: Tensors
    threshold: float = math.inf

    def judge(self, logits: Floats, vectors: Floats | None) -> tuple[NDArray[np.float64], list[str]]:
        """Return each row's score, higher is further out, and its label if it is out of scope."""
        chances = self._chances(logits, np.empty((len(logits), 0)) if vectors is None else vectors)
        return chances.sum(axis=1), [self.outside[number] for number in chances.argmax(axis=1)]

    def decide(
        self, logits: Floats, vectors: Floats | None, intents: list[str]
    ) -> tuple[NDArray[np.float64], list[str]]:
        """Return each row's score, and its label: that of `intents`, the most probable ones, or one out of scope."""
        scores, outside = self.judge(logits, vectors)
        rows = zip(scores, outside, intents, strict=True)
        return scores, [out if score > self.threshold else intent for score, out, intent in rows]

    def _chances(self, found: Floats, vectors: Floats) -> NDArray[np.float64]:
        """Return what speaks for each label in `outside`, shape (rows, labels): a score, or probabilities."""
        if self.method == "class":
            return softmax(found)[:, -len(self.outside) :]
        if self.method == "gate":
            gate = from_tensors(self.fitted, len(self.fitted["coef"]))
            return softmax(logits(gate, unit(vectors)))[:, -len(self.outside) :]
        if self.score == "mahalanobis":
            return oos_scores.mahalanobis(vectors, self.fitted)[:, None]
        if self.score == "knn":
            return oos_scores.nearest(vectors, self.fitted, self.neighbours)[:, None]
        return OF_LOGITS[self.score](found)[:, None]

    def save(self, folder: Path) -> None:
        """Write settings and tensors."""
        settings = {key: value for key, value in vars(self).items() if key != "fitted"}
        write_json(folder / SETTINGS, settings)
        save_file(self.fitted, folder / TENSORS)


def save_none(folder: Path) -> None:
    """Write that nothing is ever out of scope."""
    write_json(folder / SETTINGS, {"method": "none"})


def load(folder: Path) -> Scope | None:
    """Return the rule that was saved, or None where nothing is ever out of scope."""
    settings: dict[str, Any] = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
    if settings["method"] == "none":
        return None
    return Scope(**settings, fitted=load_file(folder / TENSORS))


def fit(oos: OutOfScope, labels: list[str], train: Predictions | None, validation: Predictions) -> Scope:
    """Return the rule that `oos` asks for, fitted on `train`, its threshold chosen on `validation` rows alone.

    `labels` are the classifier's. Rows of both tables may be out of scope; `class` needs no `train`.
    """
    outside, fitted = (
        ([label for label in labels if is_out(label)], {}) if train is None else _learn(oos, labels, train)
    )
    scope = Scope(oos.method, oos.score, oos.neighbours, outside, fitted)
    found, _ = scope.judge(validation.logits, validation.vectors)
    out = np.array([is_out(label) for label in validation.actual])
    return replace(scope, threshold=operating_point(found[~out], found[out], oos.target, oos.target_of))


def _learn(oos: OutOfScope, labels: list[str], train: Predictions) -> tuple[list[str], Tensors]:
    """Return the labels for messages out of scope, and what `oos.method` threshold or gate keeps of the rows."""
    if not oos.reads_vectors or train.vectors is None:
        return [OUT_OF_SCOPE], {}
    if oos.method == "gate":
        outside = sorted({label for label in train.actual if is_out(label)})
        # Of all labels, not of in and out alone: each intent has its own corner; no line keeps them on one side.
        numbers = train.numbers(in_scope(labels) + outside)
        return outside, to_tensors(LogisticRegression(C=oos.C, max_iter=3000).fit(unit(train.vectors), numbers))
    if oos.score == "knn":
        return [OUT_OF_SCOPE], {"known": unit(train.vectors)}
    return [OUT_OF_SCOPE], oos_scores.fit_mahalanobis(train.vectors, train.numbers(in_scope(labels)))


def operating_point(inside: Floats, outside: Floats, target: float, target_of: str) -> float:
    """Return the threshold, above which a score is out of scope, that keeps what `target` promises of these scores.

    >>> operating_point(np.array([1.0, 2.0, 3.0, 9.0]), np.array([5.0]), target=0.75, target_of="in_scope")
    3.0
    >>> operating_point(np.array([1.0]), np.array([4.0, 5.0, 6.0, 7.0]), target=0.25, target_of="out_of_scope") < 5
    True
    """
    if target_of == "in_scope":
        return float(np.sort(inside)[math.ceil(round(target * len(inside), 9)) - 1])
    if len(outside) == 0:
        raise InputError("params.yaml: oos.target_of = 'out_of_scope': no validation row is out of scope; use in_scope")
    let_through = math.floor(round(target * len(outside), 9))
    return float(np.nextafter(np.sort(outside)[let_through], -np.inf))
