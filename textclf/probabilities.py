"""Logits, probabilities and losses of single rows, and the types in which labels and probabilities are passed on."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]
Probabilities = NDArray[np.float64]


def softmax(logits: NDArray[np.floating[Any]]) -> Probabilities:
    """Return the softmax of `logits`, shape (rows, labels), computed in float64.

    >>> softmax(np.array([[0.0, 0.0], [1000.0, 0.0]])).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    """
    shifted = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def row_losses(actual: Labels, probabilities: Probabilities) -> NDArray[np.float64]:
    """Return each row's -ln p(actual) in nats; p is clipped at float64's epsilon, as in scikit-learn.

    `actual` holds label numbers, shape (rows,); `probabilities` has shape (rows, labels).
    """
    actual_probability = probabilities[np.arange(len(actual)), actual]
    return np.asarray(-np.log(np.clip(actual_probability, np.finfo(np.float64).eps, 1.0)))


def label_ids(names: list[str], labels: list[str]) -> Labels:
    """Return the positions of `names` in `labels`.

    >>> label_ids(["b", "a", "b"], ["a", "b"]).tolist()
    [1, 0, 1]
    """
    position = {name: number for number, name in enumerate(labels)}
    return np.array([position[name] for name in names], dtype=np.int64)
