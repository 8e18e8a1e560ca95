"""Which messages to label next, by what a model says of them: an order of positions, the most wanted first."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans

Order = NDArray[np.int64]
Floats = NDArray[np.floating[Any]]

BATCH = 2000  # groups at a time, at most


def by_margin(probabilities: Floats) -> Order:
    """Return the rows, those first whose two most probable labels are the closest (Scheffer et al. 2001).

    >>> by_margin(np.array([[0.9, 0.1], [0.6, 0.4]])).tolist()
    [1, 0]
    """
    best = np.sort(probabilities, axis=1)[:, -2:]
    return np.argsort(best[:, 1] - best[:, 0], kind="stable")


def by_entropy(probabilities: Floats) -> Order:
    """Return the rows, those first whose labels are the least certain.

    >>> by_entropy(np.array([[0.9, 0.1], [0.6, 0.4]])).tolist()
    [1, 0]
    """
    entropy = -(probabilities * np.log(np.maximum(probabilities, 1e-12))).sum(axis=1)
    return np.argsort(-entropy, kind="stable")


def diverse(vectors: Floats, number: int, seed: int) -> Order:
    """Return `number` rows, each the most central of one of as many groups (k-means), so that they differ.

    `vectors` have length 1, shape (rows, size). Of many, `BATCH` groups are made at most, and rows taken in turn.
    """
    groups = min(number, len(vectors), BATCH)
    fitted = KMeans(groups, n_init=1, max_iter=20, random_state=seed).fit(vectors)
    distance = np.linalg.norm(vectors - fitted.cluster_centers_[fitted.labels_], axis=1)
    inner = np.lexsort((distance, fitted.labels_))
    labels = fitted.labels_[inner]
    turn = np.arange(len(labels)) - np.searchsorted(labels, labels)
    return np.asarray(inner[np.argsort(turn, kind="stable")][:number])


def unit(vectors: Floats) -> Floats:
    """Return the vectors with length 1."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12))
