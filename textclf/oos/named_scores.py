"""The scores of `oos.method: threshold` by the names that `oos.score` gives them."""

import numpy as np

from textclf.errors import InputError
from textclf.oos import scores
from textclf.oos.labels import is_out
from textclf.oos.scores import Floats, Scores, Tensors
from textclf.predictions import Predictions
from textclf.probabilities import label_ids
from textclf.unit import unit

OF_LOGITS = {"probability": scores.probability, "energy": scores.energy, "logit": scores.logit}
COMBINED = ("probability", "relative_mahalanobis", "knn")  # by `fisher`


def fit_score(score: str, neighbors: int, train: Predictions, validation: Predictions, labels: list[str]) -> Tensors:
    """Return the tensors from which `rate` computes `score`; `labels` are those in scope.

    `fisher` also learns from the validation rows that are in scope.
    """
    if score in OF_LOGITS:
        return {}
    if not train.ids:
        raise InputError(f"oos.score = {score!r} needs training rows; use {', '.join(OF_LOGITS)}")
    if train.vectors is None or validation.vectors is None:
        raise InputError(f"oos.score = {score!r} needs a classifier with vectors; use {', '.join(OF_LOGITS)}")
    if not np.isfinite(train.vectors).all():
        raise InputError("a training row has a vector that isn't a number; did the training diverge?")
    if score == "knn":
        return {"known": unit(train.vectors)}
    if score == "fisher":
        return _fit_fisher(neighbors, train, validation, validation.vectors, labels)
    fit = scores.fit_mahalanobis if score == "mahalanobis" else scores.fit_relative_mahalanobis
    return fit(train.vectors, label_ids(train.actual, labels))


def _fit_fisher(
    neighbors: int, train: Predictions, validation: Predictions, vectors: Floats, labels: list[str]
) -> Tensors:
    """Return the tensors of all that is combined, and the reference rows' scores, shape (parts, in-scope rows)."""
    fitted: Tensors = {}
    for part in COMBINED:
        fitted |= fit_score(part, neighbors, train, validation, labels)
    inside = np.array([not is_out(label) for label in validation.actual])
    parts = [rate(part, neighbors, validation.logits, vectors, fitted)[inside] for part in COMBINED]
    return fitted | {"reference": np.sort(parts, axis=1)}


def rate(score: str, neighbors: int, logits: Floats, vectors: Floats, fitted: Tensors) -> Scores:
    """Return each row's score, shape (rows,), higher is further out."""
    if score in OF_LOGITS:
        return OF_LOGITS[score](logits)
    if score == "mahalanobis":
        return scores.mahalanobis(vectors, fitted)
    if score == "relative_mahalanobis":
        return scores.relative_mahalanobis(vectors, fitted)
    if score == "knn":
        return scores.kth_neighbor_distance(vectors, fitted, neighbors)
    parts = [rate(part, neighbors, logits, vectors, fitted) for part in COMBINED]
    return scores.fisher(parts, fitted["reference"])
