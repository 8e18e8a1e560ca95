"""Logistic regression: fitted, its C selected on validation rows, kept as tensors instead of a pickle."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from textclf.metrics.selection import log_loss, selection_scores
from textclf.params import Params
from textclf.probabilities import Labels, Probabilities

Tensors = dict[str, NDArray[Any]]


def fit_logistic(vectors: Any, labels: Labels, class_weights: str, C: float) -> LogisticRegression:
    """Return the regression of `labels` on `vectors`, dense or sparse, shape (rows, size); a smaller C is smoother."""
    weights = "balanced" if class_weights == "balanced" else None
    return LogisticRegression(C=C, max_iter=3000, class_weight=weights).fit(vectors, labels)


def select_C(
    train: tuple[Any, Labels], validation: tuple[Any, Labels], C: float | list[float], params: Params
) -> tuple[LogisticRegression, list[dict[str, float]]]:
    """Return the regression whose C has the best `selection_metric` on validation, and a row of scores for each C.

    `train` and `validation` are vectors and labels. Among equally good ones the smallest C is kept.
    """
    fitted, table = [], []
    for number, strength in enumerate(sorted(C) if isinstance(C, list) else [C], 1):
        model = fit_logistic(*train, params.class_weights, strength)
        fitted.append(model)
        train_loss = log_loss(train[1], model.predict_proba(train[0]))
        row = curve_row(number, train_loss, validation[1], model.predict_proba(validation[0]))
        table.append(row | {"C": strength})
    sign = -1 if params.selection_metric == "log_loss" else 1
    best = max(range(len(table)), key=lambda at: sign * table[at][f"validation_{params.selection_metric}"])
    table[best]["kept"] = 1
    return fitted[best], table


def curve_row(number: int, train_loss: float, actual: Labels, probabilities: Probabilities) -> dict[str, float]:
    """Return a row of the learning curve for a fit without epochs, not yet marked as `kept`."""
    scores = selection_scores(actual, probabilities)
    values = {"train_loss": train_loss, "validation_loss": scores["log_loss"]}
    values |= {f"validation_{name}": score for name, score in scores.items()}
    return {"epoch": number} | {name: round(value, 4) for name, value in values.items()} | {"kept": 0}


def linear_layer(model: LogisticRegression) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return weights, shape (labels, size), and bias, shape (labels,), that give the model's logits.

    For two labels scikit-learn keeps a single row, the difference of the two logits.
    """
    if len(model.classes_) > 2:
        return model.coef_, model.intercept_
    return np.concatenate([-model.coef_, model.coef_]) / 2, np.concatenate([-model.intercept_, model.intercept_]) / 2


def logits(model: LogisticRegression, vectors: Any) -> NDArray[np.float64]:
    """Return logits, shape (rows, labels), also for two labels."""
    decided = model.decision_function(vectors)
    return np.asarray(decided if decided.ndim == 2 else np.stack([-decided / 2, decided / 2], axis=1))


def to_tensors(model: LogisticRegression) -> Tensors:
    """Return what `from_tensors` needs."""
    return {"coef": np.ascontiguousarray(model.coef_), "intercept": model.intercept_}  # safetensors ignores strides


def from_tensors(tensors: Tensors, labels: int) -> LogisticRegression:
    """Return the regression that `to_tensors` took apart; its classes are 0 to `labels` - 1."""
    model = LogisticRegression()
    model.coef_, model.intercept_, model.classes_ = tensors["coef"], tensors["intercept"], np.arange(labels)
    return model
