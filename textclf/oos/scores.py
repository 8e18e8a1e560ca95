"""Out-of-scope scores of a classifier that was trained without out-of-scope messages. Higher is further out.

`logits` has shape (rows, labels), `vectors` (rows, size); vectors are scaled to length 1, because
their length depends on how a text is written more than on what it asks. SciPy and scikit-learn are imported where they
are used: they take seconds, and a model without such a score needs neither.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from textclf.probabilities import Labels, softmax

Floats = NDArray[np.floating[Any]]
Scores = NDArray[np.float64]
Tensors = dict[str, NDArray[Any]]


def probability(logits: Floats) -> Scores:
    """Return 1 - the highest probability (Hendrycks & Gimpel 2017), of the logits without a temperature.

    >>> probability(np.array([[0.0, 0.0], [np.log(3), 0.0]])).round(9).tolist()
    [0.5, 0.25]
    """
    return np.asarray(1 - softmax(logits).max(axis=1))


def energy(logits: Floats) -> Scores:
    """Return the free energy -ln(sum of e^logit) at temperature 1 (Liu et al. 2020).

    >>> energy(np.array([[0.0, 0.0], [np.log(3), 0.0]])).round(4).tolist()
    [-0.6931, -1.3863]
    """
    from scipy.special import logsumexp

    return np.asarray(-logsumexp(logits.astype(np.float64), axis=1))


def logit(logits: Floats) -> Scores:
    """Return minus the highest logit.

    >>> logit(np.array([[0.0, 2.5]])).tolist()
    [-2.5]
    """
    return np.asarray(-logits.max(axis=1).astype(np.float64))


def fit_mahalanobis(vectors: Floats, labels: Labels) -> Tensors:
    """Return each label's mean vector and the precision matrix of the residuals (Ledoit-Wolf), for `mahalanobis`."""
    from sklearn.covariance import LedoitWolf

    scaled = unit(vectors)
    means = np.stack([scaled[labels == label].mean(axis=0) for label in range(labels.max() + 1)])
    return {"means": means, "precision": LedoitWolf(assume_centered=True).fit(scaled - means[labels]).precision_}


def mahalanobis(vectors: Floats, fitted: Tensors) -> Scores:
    """Return the squared Mahalanobis distance to the nearest label's mean (Lee et al. 2018).

    >>> mahalanobis(np.array([[0.0, 2.0]]), {"means": np.array([[1.0, 0.0], [0.0, -1.0]]), "precision": np.eye(2)})
    array([2.])
    """
    scaled = unit(vectors)
    away = [((scaled - mean) @ fitted["precision"] * (scaled - mean)).sum(axis=1) for mean in fitted["means"]]
    return np.asarray(np.min(away, axis=0))


def kth_neighbor_distance(vectors: Floats, fitted: Tensors, neighbors: int) -> Scores:
    """Return the distance to the k-th nearest training vector, with k = `neighbors` (Sun et al. 2022).

    >>> known = np.array([[1.0, 0.0], [0.0, 1.0]])
    >>> kth_neighbor_distance(np.array([[3.0, 0.0]]), {"known": known}, 2).round(4).tolist()
    [1.4142]
    """
    from sklearn.neighbors import NearestNeighbors

    known = fitted["known"]
    away, _ = NearestNeighbors(n_neighbors=min(neighbors, len(known))).fit(known).kneighbors(unit(vectors))
    return np.asarray(away[:, -1])


def unit(vectors: Floats) -> NDArray[np.float64]:
    """Return the vectors scaled to length 1."""
    wide = vectors.astype(np.float64)
    return np.asarray(wide / np.linalg.norm(wide, axis=1, keepdims=True).clip(1e-12))
