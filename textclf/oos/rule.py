"""The out-of-scope rule: a score, and the threshold above which a message is out of scope."""

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from textclf.errors import InputError
from textclf.logistic import from_tensors, logits, to_tensors
from textclf.oos.labels import OUT_OF_SCOPE, in_scope, is_out
from textclf.oos.named_scores import fit_score, rate
from textclf.oos.scores import Floats, Tensors
from textclf.oos.threshold import choose_threshold
from textclf.outputs import write_json
from textclf.params import Oos
from textclf.predictions import Predictions
from textclf.probabilities import label_ids, softmax
from textclf.unit import unit

LEARNED = ("threshold", "class", "gate")  # methods that leave a rule
SETTINGS, TENSORS = "oos.json", "oos.safetensors"


@dataclass(frozen=True)
class OosRule:
    """A fitted rule. `outside` are its labels for out-of-scope messages, `fitted` the tensors that it has learned.

    A message whose score is above `threshold` is out of scope.
    """

    method: str
    score: str
    neighbors: int
    outside: list[str]
    fitted: Tensors
    threshold: float = math.inf

    def scores(self, logits: Floats, vectors: Floats | None) -> tuple[NDArray[np.float64], list[str]]:
        """Return each row's score, higher is further out, and the label that it has if it is out of scope."""
        by_label = self._class_scores(logits, np.empty((len(logits), 0)) if vectors is None else vectors)
        return by_label.sum(axis=1), [self.outside[number] for number in by_label.argmax(axis=1)]

    def predict(
        self, logits: Floats, vectors: Floats | None, intents: list[str]
    ) -> tuple[NDArray[np.float64], list[str]]:
        """Return each row's score and its label: one of out of scope, or that of `intents`, the most probable ones."""
        scores, outside = self.scores(logits, vectors)
        rows = zip(scores, outside, intents, strict=True)
        return scores, [out if score > self.threshold else intent for score, out, intent in rows]

    def _class_scores(self, class_logits: Floats, vectors: Floats) -> NDArray[np.float64]:
        """Return the score of each label in `outside`, shape (rows, labels); probabilities with class and gate."""
        if self.method == "class":
            return softmax(class_logits)[:, -len(self.outside) :]
        if self.method == "gate":
            gate = from_tensors(self.fitted, len(self.fitted["coef"]))
            return softmax(logits(gate, unit(vectors)))[:, -len(self.outside) :]
        return rate(self.score, self.neighbors, class_logits, vectors, self.fitted)[:, None]

    def save(self, folder: Path) -> None:
        """Write settings and tensors."""
        settings = {key: value for key, value in vars(self).items() if key != "fitted"}
        write_json(folder / SETTINGS, settings)
        save_file(self.fitted, folder / TENSORS)


def save_none(folder: Path) -> None:
    """Write that nothing is ever out of scope."""
    write_json(folder / SETTINGS, {"method": "none"})


def load(folder: Path) -> OosRule | None:
    """Return the rule that was saved, or None where nothing is ever out of scope."""
    settings: dict[str, Any] = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
    if settings["method"] == "none":
        return None
    if settings["method"] not in LEARNED or not math.isfinite(settings["threshold"]):
        raise InputError(f"{folder / SETTINGS} holds no rule that is known here; rebuild the model")
    return OosRule(**settings, fitted=load_file(folder / TENSORS))


def fit(oos: Oos, labels: list[str], train: Predictions | None, validation: Predictions) -> OosRule:
    """Return the rule that `oos` asks for, with its threshold chosen on `validation` rows alone.

    It is fitted on `train`, its score `fisher` also on in-scope validation rows. `labels` are the classifier's. Rows of
    both tables may be out of scope; `class` needs no `train`.
    """
    if not validation.ids:
        raise InputError(f"params.yaml: oos.method = {oos.method!r} needs validation rows for its threshold; use none")
    intents, outside = in_scope(labels), [OUT_OF_SCOPE]
    fitted: Tensors = {}
    if train is None:
        outside = [label for label in labels if is_out(label)]
    elif oos.method == "gate":
        outside, fitted = _fit_gate(oos, intents, train)
    else:
        fitted = fit_score(oos.score, oos.neighbors, train, validation, intents)
    rule = OosRule(oos.method, oos.score, oos.neighbors, outside, fitted)
    scored, _ = rule.scores(validation.logits, validation.vectors)
    return replace(rule, threshold=choose_threshold(oos, intents, scored, validation))


def _fit_gate(oos: Oos, intents: list[str], train: Predictions) -> tuple[list[str], Tensors]:
    """Return the labels for out-of-scope messages, and the tensors of the regression."""
    if train.vectors is None:
        raise InputError("oos.method = 'gate' needs a classifier with vectors")
    from sklearn.linear_model import LogisticRegression  # takes a second, and loading a rule needs none

    outside = sorted({label for label in train.actual if is_out(label)})
    if not outside:  # test rows have all their texts
        raise InputError("params.yaml: oos.method = 'gate': no out-of-scope training row is left; use threshold")
    # Multinomial over intents and kinds: in- and out-of-scope are not linearly separable as two classes.
    ids = label_ids(train.actual, intents + outside)
    return outside, to_tensors(LogisticRegression(C=oos.C, max_iter=3000).fit(unit(train.vectors), ids))
