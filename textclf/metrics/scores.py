"""The scores that are reported beside those of `selection.py`, on scikit-learn.

`actual` and `predicted` are label numbers, shape (rows,); `probabilities` has shape (rows, labels).
"""

from itertools import permutations

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics

from textclf.probabilities import Labels, Probabilities

Positions = NDArray[np.int64]


def weighted_f1(actual: Labels, predicted: Labels) -> float:
    """Mean of the labels' F1, each weighted by its number of actual rows."""
    return float(metrics.f1_score(actual, predicted, average="weighted", zero_division=0))


def macro_precision(actual: Labels, predicted: Labels) -> float:
    """Mean of the labels' precision; 0 for a label that is never predicted."""
    return float(metrics.precision_score(actual, predicted, average="macro", zero_division=0))


def macro_recall(actual: Labels, predicted: Labels) -> float:
    """Mean of the labels' recall; 0 for a label that is predicted but never actual."""
    return float(metrics.recall_score(actual, predicted, average="macro", zero_division=0))


def roc_auc(actual: Labels, probabilities: Probabilities) -> float:
    """Macro one-vs-one area under the ROC curve (Hand & Till 2001), over pairs of labels that occur in the rows.

    For two labels this is the ordinary area. NaN where fewer than two labels occur, as there is nothing to rank.
    """
    areas = [
        _wins(probabilities[own, label], probabilities[others, label]).mean()
        for label, own, others in _pairs(actual, probabilities)
    ]
    return float(np.mean(areas)) if areas else float("nan")


def roc_auc_influence(actual: Labels, probabilities: Probabilities) -> Probabilities:
    """Return each row's influence on `roc_auc`, shape (rows,): of mean 0, its spread gives the score's standard error.

    Of one pair of labels these are the components of DeLong et al. (1988): how many rows of the other label a row is
    ranked rightly against. For several labels they are averaged over the ordered pairs, as the score is. Zeros where
    nothing is to rank.
    """
    influence, pairs = np.zeros(len(actual)), _pairs(actual, probabilities)
    for label, own, others in pairs:
        high, low = probabilities[own, label], probabilities[others, label]
        wins, losses = _wins(high, low), 1 - _wins(low, high)
        area = wins.mean()
        influence[own] += (wins - area) * len(actual) / len(own) / len(pairs)
        influence[others] += (losses - area) * len(actual) / len(others) / len(pairs)
    return influence


def _pairs(actual: Labels, probabilities: Probabilities) -> list[tuple[int, Positions, Positions]]:
    """Return the ordered pairs of labels that occur: the first label, its rows, and the rows of the other one.

    Of two columns the second alone ranks the rows.
    """
    rows = {int(label): np.flatnonzero(actual == label) for label in np.unique(actual)}
    pairs = [(label, rows[label], rows[other]) for label, other in permutations(rows, 2)]
    return [pair for pair in pairs if pair[0] == 1] if probabilities.shape[1] == 2 else pairs


def _wins(scores: Probabilities, others: Probabilities) -> Probabilities:
    """Return the share of `others` below each of `scores`, ties counting half."""
    ordered = np.sort(others)
    below, up_to = (np.searchsorted(ordered, scores, side=side) for side in ("left", "right"))
    return np.asarray((below + up_to) / 2 / len(others))
