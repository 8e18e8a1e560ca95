"""Logistic regression on vectors: fitted, its strength of regularization chosen on validation."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from stages.lib import scores
from stages.lib.params import Params


def fit_logistic(vectors: Any, labels: scores.Labels, class_weights: str, C: float) -> LogisticRegression:
    """Return the regression of `labels` on `vectors`, dense or sparse, shape (rows, size); a smaller C is smoother."""
    weights = "balanced" if class_weights == "balanced" else None
    return LogisticRegression(C=C, max_iter=3000, class_weight=weights).fit(vectors, labels)


def one_row_a_label(model: LogisticRegression) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return weights (labels, size) and bias (labels,); for two labels scikit-learn keeps one row, the difference."""
    if len(model.classes_) > 2:
        return model.coef_, model.intercept_
    return np.concatenate([-model.coef_, model.coef_]) / 2, np.concatenate([-model.intercept_, model.intercept_]) / 2


def choose(
    train: tuple[Any, scores.Labels], validation: tuple[Any, scores.Labels], C: float | list[float], params: Params
) -> tuple[LogisticRegression, list[dict[str, float]]]:
    """Return the regression of the C that `selection_metric` finds best on validation, and a row of scores for each C.

    `train` and `validation` are vectors and labels. Of equally good ones the smallest C is kept.
    """
    fitted, table = [], []
    for number, strength in enumerate(sorted(C) if isinstance(C, list) else [C], 1):
        model = fit_logistic(*train, params.class_weights, strength)
        fitted.append(model)
        train_loss = scores.log_loss(train[1], model.predict_proba(train[0]))
        table.append(curve_row(number, train_loss, validation[1], model.predict_proba(validation[0])) | {"C": strength})
    sign = -1 if params.selection_metric == "log_loss" else 1
    best = max(range(len(table)), key=lambda at: sign * table[at][f"validation_{params.selection_metric}"])
    table[best]["kept"] = 1
    return fitted[best], table


def curve_row(
    number: int, train_loss: float, actual: scores.Labels, probabilities: scores.Probabilities
) -> dict[str, float]:
    """Return a row of the learning curve, for a fit that has no epochs; not yet `kept`."""
    loss, predicted = scores.log_loss(actual, probabilities), probabilities.argmax(axis=1)
    found = {
        "train_loss": train_loss,
        "validation_loss": loss,
        "validation_accuracy": scores.accuracy(actual, predicted),
        "validation_macro_f1": scores.macro_f1(actual, predicted),
        "validation_log_loss": loss,
    }
    return {"epoch": number} | {name: round(value, 4) for name, value in found.items()} | {"kept": 0}
