"""The scores that are reported beside those of `selection.py`, on scikit-learn.

`actual` and `predicted` are label numbers, shape (rows,); `probabilities` has shape (rows, labels).
"""

import numpy as np
from sklearn import metrics

from textclf.probabilities import Labels, Probabilities


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
    present = np.unique(actual)
    if len(present) < 2:
        return float("nan")
    if probabilities.shape[1] == 2:
        return float(metrics.roc_auc_score(actual, probabilities[:, 1]))
    labels = np.arange(probabilities.shape[1])
    return float(metrics.roc_auc_score(actual, probabilities, labels=labels, multi_class="ovo", average="macro"))
