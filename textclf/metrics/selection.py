"""The scores that choose an epoch or a C on validation rows. Training depends on these alone.

`actual` and `predicted` are label numbers, shape (rows,); `probabilities` has shape (rows, labels).
"""

from sklearn import metrics

from textclf.probabilities import Labels, Probabilities, row_losses

SELECTION_SCORES = ("accuracy", "macro_f1", "log_loss")


def accuracy(actual: Labels, predicted: Labels) -> float:
    """Share of rows whose predicted label is the actual one."""
    return float(metrics.accuracy_score(actual, predicted))


def macro_f1(actual: Labels, predicted: Labels) -> float:
    """Mean of the labels' F1, over labels that are actual or predicted in some row; F1 is 0 without a hit."""
    return float(metrics.f1_score(actual, predicted, average="macro", zero_division=0))


def log_loss(actual: Labels, probabilities: Probabilities) -> float:
    """Mean over rows of -ln p(actual label), in nats.

    >>> import numpy as np
    >>> log_loss(np.array([0, 1]), np.array([[0.5, 0.5], [0.5, 0.5]]))  # ln 2
    0.6931471805599453
    """
    return float(row_losses(actual, probabilities).mean())


def selection_scores(actual: Labels, probabilities: Probabilities) -> dict[str, float]:
    """Return all `SELECTION_SCORES`; the predicted label is the most probable one."""
    predicted = probabilities.argmax(axis=1)
    values = accuracy(actual, predicted), macro_f1(actual, predicted), log_loss(actual, probabilities)
    return dict(zip(SELECTION_SCORES, values, strict=True))
