"""Definitions of the scores, on scikit-learn. `actual` and `predicted` are label numbers, shape (rows,);
`probabilities` has shape (rows, labels) and its rows add up to 1."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics

Labels = NDArray[np.int64]
Probabilities = NDArray[np.float64]


def softmax(logits: NDArray[np.floating[Any]]) -> Probabilities:
    """Return probabilities, computed in float64.

    >>> softmax(np.array([[0.0, 0.0], [1000.0, 0.0]])).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    """
    shifted = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def row_losses(actual: Labels, probabilities: Probabilities) -> NDArray[np.float64]:
    """Return each row's -ln p(actual) in nats; p is clipped at float64's epsilon, as in scikit-learn."""
    found = probabilities[np.arange(len(actual)), actual]
    return np.asarray(-np.log(np.clip(found, np.finfo(np.float64).eps, 1.0)))


def accuracy(actual: Labels, predicted: Labels) -> float:
    """Share of rows whose predicted label is the actual one."""
    return float(metrics.accuracy_score(actual, predicted))


def macro_f1(actual: Labels, predicted: Labels) -> float:
    """Mean of the labels' F1, over labels that are actual or predicted in some row; F1 is 0 without a hit."""
    return float(metrics.f1_score(actual, predicted, average="macro", zero_division=0))


def weighted_f1(actual: Labels, predicted: Labels) -> float:
    """Mean of the labels' F1, each weighted by its number of actual rows."""
    return float(metrics.f1_score(actual, predicted, average="weighted", zero_division=0))


def macro_precision(actual: Labels, predicted: Labels) -> float:
    """Mean of the labels' precision; 0 for a label that is never predicted."""
    return float(metrics.precision_score(actual, predicted, average="macro", zero_division=0))


def macro_recall(actual: Labels, predicted: Labels) -> float:
    """Mean of the labels' recall; 0 for a label that is predicted but never actual."""
    return float(metrics.recall_score(actual, predicted, average="macro", zero_division=0))


def log_loss(actual: Labels, probabilities: Probabilities) -> float:
    """Mean over rows of -ln p(actual label), in nats.

    >>> log_loss(np.array([0, 1]), np.array([[0.5, 0.5], [0.5, 0.5]]))  # ln 2
    0.6931471805599453
    """
    return float(row_losses(actual, probabilities).mean())


def expected_calibration_error(actual: Labels, probabilities: Probabilities, bins: int) -> float:
    """Mean over rows of |accuracy - mean confidence| of the row's bin (Guo et al. 2017).

    A row's confidence is its highest probability; `bins` are equally wide over (0, 1].

    >>> expected_calibration_error(np.array([0, 1]), np.array([[0.9, 0.1], [0.9, 0.1]]), bins=10)
    0.4
    """
    table = reliability(probabilities.argmax(axis=1) == actual, probabilities.max(axis=1), bins)
    gaps = np.abs(table["accuracy"] - table["confidence"]) * table["rows"]
    return round(float(np.nansum(gaps) / len(actual)), 12)


def reliability(hit: NDArray[np.bool_], confidence: NDArray[np.float64], bins: int) -> dict[str, NDArray[np.float64]]:
    """Return rows, accuracy and mean confidence of `bins` equally wide bins of confidence; NaN where one is empty.

    `hit` says of each row whether its predicted label is the actual one, `confidence` is in (0, 1].
    """
    place = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    rows = np.bincount(place, minlength=bins).astype(np.float64)
    with np.errstate(invalid="ignore"):
        return {
            "rows": rows,
            "accuracy": np.bincount(place, weights=hit, minlength=bins) / rows,
            "confidence": np.bincount(place, weights=confidence, minlength=bins) / rows,
        }


def roc_auc(actual: Labels, probabilities: Probabilities) -> float:
    """Macro one-vs-one area under the ROC curve (Hand & Till 2001), over pairs of labels that occur in the rows.

    For two labels the ordinary area. NaN where fewer than two labels occur, as there is nothing to rank.
    """
    present = np.unique(actual)
    if len(present) < 2:
        return float("nan")
    if probabilities.shape[1] == 2:
        return float(metrics.roc_auc_score(actual, probabilities[:, 1]))
    labels = np.arange(probabilities.shape[1])
    return float(metrics.roc_auc_score(actual, probabilities, labels=labels, multi_class="ovo", average="macro"))
