"""A fitted logistic regression as tensors, and back: nothing is pickled."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

Tensors = dict[str, NDArray[Any]]


def to_tensors(model: LogisticRegression) -> Tensors:
    """Return what `from_tensors` needs."""
    return {"coef": np.ascontiguousarray(model.coef_), "intercept": model.intercept_}  # safetensors ignores strides


def from_tensors(tensors: Tensors, labels: int) -> LogisticRegression:
    """Return the regression that `to_tensors` took apart; its classes are 0 to `labels` - 1."""
    model = LogisticRegression()
    model.coef_, model.intercept_, model.classes_ = tensors["coef"], tensors["intercept"], np.arange(labels)
    return model


def logits(model: LogisticRegression, vectors: Any) -> NDArray[np.float64]:
    """Return logits, shape (rows, labels); for two labels scikit-learn gives one number, their difference."""
    found = model.decision_function(vectors)
    return np.asarray(found if found.ndim == 2 else np.stack([-found / 2, found / 2], axis=1))
