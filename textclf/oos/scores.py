"""Out-of-scope scores of a classifier that was trained without out-of-scope messages. Higher is further out.

`logits` has shape (rows, labels), `vectors` (rows, size); vectors are scaled to length 1, because
their length depends on how a text is written more than on what it asks. SciPy and scikit-learn are imported where they
are used: they take seconds, and a model without such a score needs neither.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from textclf.errors import InputError
from textclf.probabilities import Labels, softmax
from textclf.unit import unit

Floats = NDArray[np.floating[Any]]
Scores = NDArray[np.float64]
Tensors = dict[str, NDArray[Any]]

SHRINKAGE = 0.1  # of the two covariances of `relative_mahalanobis`, towards a multiple of the identity


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
    from scipy.special import logsumexp  # each takes up to a second, and loading a rule needs none

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

    means, residuals = _by_label(unit(vectors), labels)
    return {"means": means, "precision": LedoitWolf(assume_centered=True).fit(residuals).precision_}


def mahalanobis(vectors: Floats, fitted: Tensors) -> Scores:
    """Return the squared Mahalanobis distance to the nearest label's mean (Lee et al. 2018).

    >>> mahalanobis(np.array([[0.0, 2.0]]), {"means": np.array([[1.0, 0.0], [0.0, -1.0]]), "precision": np.eye(2)})
    array([2.])
    """
    scaled, means = unit(vectors), fitted["means"]
    rows, labels = scaled @ fitted["precision"], means @ fitted["precision"]
    # (x - m) P (x - m) by its parts: one product for all labels instead of one for each
    away = (rows * scaled).sum(axis=1)[:, None] - 2 * rows @ means.T + (labels * means).sum(axis=1)
    return np.asarray(away.min(axis=1))


def fit_relative_mahalanobis(vectors: Floats, labels: Labels, shrinkage: float = SHRINKAGE) -> Tensors:
    """Return means and precision as for `mahalanobis`, and those of one Gaussian for all rows, the background.

    Both covariances are shrunk alike. Ledoit-Wolf would shrink the background's much less, as it is fitted on the same
    rows without their labels; messages that are far from everything would then be closer than those in scope.
    """
    scaled = unit(vectors)
    means, residuals = _by_label(scaled, labels)
    center = scaled.mean(axis=0)
    return {
        "means": means,
        "precision": _shrunk_precision(residuals, shrinkage),
        "background_mean": center,
        "background_precision": _shrunk_precision(scaled - center, shrinkage),
    }


def relative_mahalanobis(vectors: Floats, fitted: Tensors) -> Scores:
    """Return `mahalanobis` minus the squared distance to the background's mean (Ren et al. 2021).

    What is unusual in every message, whatever its label, cancels out.

    >>> fitted = {"means": np.array([[1.0, 0.0], [0.0, -1.0]]), "precision": 4 * np.eye(2)}
    >>> fitted |= {"background_mean": np.zeros(2), "background_precision": np.eye(2)}
    >>> relative_mahalanobis(np.array([[0.0, 2.0]]), fitted)
    array([7.])
    """
    background = {"means": fitted["background_mean"][None], "precision": fitted["background_precision"]}
    return mahalanobis(vectors, fitted) - mahalanobis(vectors, background)


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


def fisher(parts: list[Scores], reference: Scores) -> Scores:
    """Return the mean of -ln(p) over several scores of the same rows (Fisher's method; Haroush et al. 2022).

    A p is the share of in-scope rows that score at least as high, counting the row itself. `reference` holds these
    rows' scores in ascending order, shape (parts, in-scope rows). They must not be training rows: each of those is its
    own nearest neighbor, and the classifier knows its label.

    >>> fisher([np.array([0.5, 2.5, 9.0])], np.array([[1.0, 2.0, 3.0]])).round(4).tolist()
    [0.0, 0.6931, 1.3863]
    """
    size = reference.shape[1]
    beyond = [size - np.searchsorted(known, part, side="left") for part, known in zip(parts, reference, strict=True)]
    surprise = np.log(1 + size) - np.log1p(beyond).mean(axis=0)
    return np.where(np.isnan(parts).any(axis=0), np.nan, surprise)  # NaN sorts last, as if it were furthest out


def _by_label(scaled: Scores, labels: Labels) -> tuple[Scores, Scores]:
    """Return each label's mean, shape (labels, size), and how each row differs from its label's, shape (rows, size)."""
    means = np.stack([scaled[labels == label].mean(axis=0) for label in range(labels.max() + 1)])
    residuals = scaled - means[labels]
    if np.abs(residuals).max() < 1e-9:  # as with one row a label: a covariance of zero measures no distance
        alike = "; if their texts differ, max_length cuts them alike, or training has collapsed"
        texts = alike if np.bincount(labels).max() > 1 else ""
        raise InputError(
            "params.yaml: oos.score: a Mahalanobis distance needs a label with two training rows whose vectors differ; "
            f"use 'knn'{texts}"
        )
    return means, residuals


def _shrunk_precision(centered: Scores, shrinkage: float) -> Scores:
    from sklearn.covariance import shrunk_covariance

    covariance = shrunk_covariance(centered.T @ centered / len(centered), shrinkage)
    return np.ascontiguousarray(np.linalg.pinv(covariance, hermitian=True))  # safetensors ignores strides
