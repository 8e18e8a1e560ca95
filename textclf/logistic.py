"""A fitted logistic regression: its logits, as a linear layer, and as tensors instead of a pickle."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression

Tensors = dict[str, NDArray[Any]]


def linear_layer(model: "LogisticRegression") -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return weights, shape (labels, size), and bias, shape (labels,), that give the model's logits.

    For two labels scikit-learn keeps a single row, the difference of the two logits.
    """
    if len(model.classes_) > 2:
        return model.coef_, model.intercept_
    return np.concatenate([-model.coef_, model.coef_]) / 2, np.concatenate([-model.intercept_, model.intercept_]) / 2


def logits(model: "LogisticRegression", vectors: Any) -> NDArray[np.float64]:
    """Return logits, shape (rows, labels), also for two labels."""
    decided = model.decision_function(vectors)
    return np.asarray(decided if decided.ndim == 2 else np.stack([-decided / 2, decided / 2], axis=1))


def to_tensors(model: "LogisticRegression") -> Tensors:
    """Return what `from_tensors` needs."""
    return {"coef": np.ascontiguousarray(model.coef_), "intercept": model.intercept_}  # safetensors ignores strides


def from_tensors(tensors: Tensors, labels: int) -> "LogisticRegression":
    """Return the regression that `to_tensors` took apart; its classes are 0 to `labels` - 1."""
    from sklearn.linear_model import LogisticRegression  # takes a second, and few models have one

    model = LogisticRegression()
    model.coef_, model.intercept_, model.classes_ = tensors["coef"], tensors["intercept"], np.arange(labels)
    return model
