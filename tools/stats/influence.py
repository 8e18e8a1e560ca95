"""Scores of a run on the test rows, each with the influence of every row on it.

A score's influence values, shape (rows,), have mean 0; its standard error is their standard deviation divided by the
root of the number of rows (the delta method; Efron & Tibshirani 1993, ch. 21). Differences of scores have the
differences of the influences, so that a row's difficulty for both runs cancels out.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from textclf.probabilities import label_ids

Floats = NDArray[np.float64]

F1_BY_LABEL = "f1_by_label"
FEW = 5  # rows of a label: with fewer, it adds its least variance to the means over labels


@dataclass(frozen=True)
class Side:
    """One run's predictions as numbers, shape (rows,): label numbers and losses; `auc` is the influence on roc_auc."""

    actual: NDArray[np.int64]
    predicted: NDArray[np.int64]
    loss: Floats
    auc: Floats | None = None
    roc_auc: float | None = None


@dataclass(frozen=True)
class Score:
    """A score and the influence of each row on it, shape (rows,); of F1 by label, shapes (labels,), (rows, labels).

    `least` is variance that few rows can hide: a label whose rows are all right, or all wrong, seems not to vary. It is
    that of two imaginary rows that flip (Bonett & Price 2012 add as many to paired proportions). No score is below 0,
    and none above `highest`.
    """

    value: Floats
    influence: Floats
    least: Floats = field(default_factory=lambda: np.zeros(()))
    highest: float = 1.0


def to_side(table: pd.DataFrame, labels: list[str], roc_auc: float | None = None) -> Side:
    """Return a table of predictions with its labels as their positions in `labels`."""
    actual, predicted = (label_ids(table[column].tolist(), labels) for column in ("actual", "predicted"))
    auc = table["auc"].to_numpy(float) if "auc" in table and roc_auc is not None else None
    return Side(actual, predicted, table["loss"].to_numpy(float), auc, roc_auc if auc is not None else None)


def scores(side: Side, labels: int) -> dict[str, Score]:
    """Return accuracy, label scores, log_loss, F1 by label and, if it is known, roc_auc; as textclf/metrics has them.

    >>> found = scores(Side(np.array([0, 1]), np.array([0, 0]), np.array([0.1, 2.0])), 2)
    >>> float(found["accuracy"].value), found["accuracy"].influence.tolist()
    (0.5, [0.5, -0.5])
    """
    hits = (side.actual == side.predicted).astype(float)
    found = {"accuracy": mean_score(hits)} | _label_scores(side, hits, labels)
    found["log_loss"] = mean_score(side.loss, np.inf)
    if side.auc is not None and side.roc_auc is not None:
        found["roc_auc"] = Score(np.asarray(side.roc_auc), side.auc)
    return found


def mean_score(values: Floats, highest: float = 1.0) -> Score:
    """Return the mean of `values`, shape (rows,), from 0 to `highest`, with the influence of each."""
    mean = values.mean()
    return Score(np.asarray(mean), values - mean, highest=highest)


def _label_scores(side: Side, hits: Floats, labels: int) -> dict[str, Score]:
    rows = len(hits)
    right: Floats = np.bincount(side.actual, hits, labels).astype(float)
    actual, predicted = (
        np.bincount(numbers, minlength=labels).astype(float) for numbers in (side.actual, side.predicted)
    )
    both = actual + predicted
    f1, precision, recall = _share(2 * right, both), _share(right, predicted), _share(right, actual)
    present = max(1, int((both > 0).sum()))
    # The derivatives of each label's score by its numbers of hits, actual and predicted rows.
    of_f1 = (_share(np.full(labels, 2.0), both), -_share(f1, both), -_share(f1, both))
    of_precision = (_share(np.ones(labels), predicted), np.zeros(labels), -_share(precision, predicted))
    of_recall = (_share(np.ones(labels), actual), -_share(recall, actual), np.zeros(labels))
    weighted = float(f1 @ actual) / rows
    of_weighted = (of_f1[0] * actual, of_f1[1] * actual + f1 - weighted, of_f1[2] * actual)

    each = 2 / np.maximum(actual, 1) ** 2
    macro = np.asarray(each[(actual < FEW) & (both > 0)].sum() / present**2)

    def score(value: float, derivatives: tuple[Floats, ...], share: float, least: Floats) -> Score:
        by_hit, by_actual, by_predicted = derivatives
        influence = hits * by_hit[side.actual] + by_actual[side.actual] + by_predicted[side.predicted]
        return Score(np.asarray(value), influence * rows * share, least)

    return {
        "macro_f1": score(f1.sum() / present, of_f1, 1 / present, macro),
        "weighted_f1": score(weighted, of_weighted, 1 / rows, np.zeros(())),
        "macro_precision": score(precision.sum() / present, of_precision, 1 / present, macro),
        "macro_recall": score(recall.sum() / present, of_recall, 1 / present, macro),
        F1_BY_LABEL: Score(f1, _by_label(side, hits, of_f1), np.where(actual + predicted > 0, each, 0.0)),
    }


def _by_label(side: Side, hits: Floats, of_f1: tuple[Floats, ...]) -> Floats:
    rows, places = len(hits), np.arange(len(hits))
    influence = np.zeros((rows, len(of_f1[0])))
    influence[places, side.actual] += hits * of_f1[0][side.actual] + of_f1[1][side.actual]
    influence[places, side.predicted] += of_f1[2][side.predicted]
    return influence * rows


def _share(part: Floats, whole: Floats) -> Floats:
    """Return `part / whole`, 0 where there is nothing."""
    return np.divide(part, whole, out=np.zeros(len(whole)), where=whole > 0)


def interval(score: Score) -> tuple[float, float]:
    """Return the 95% interval of a score over test rows: 1.96 standard errors to each side, between 0 and `highest`."""
    variance = (score.influence**2).sum() / len(score.influence) ** 2 + score.least
    reach, value = 1.96 * float(np.sqrt(variance)), float(score.value)
    return max(0.0, value - reach), min(score.highest, value + reach)
