"""The scores that are compared: those of `oos.score`, other settings of theirs, and other ways to combine them."""

from collections.abc import Callable

import numpy as np

from textclf.oos import scores
from textclf.oos.labels import is_out
from textclf.oos.named_scores import OF_LOGITS
from textclf.oos.scores import Floats, Scores, Tensors
from textclf.predictions import Predictions
from textclf.probabilities import Labels, label_ids
from textclf.unit import unit

Rater = Callable[[Floats, Floats], Scores]  # of logits and vectors

RELATIVE, NEAREST = "relative_mahalanobis, shrinkage 0.1", "knn, k = 1"
COMBINED = {  # what is combined, both by `fisher` and by the average of ranks
    "probability, relative_mahalanobis, knn": ("probability", RELATIVE, NEAREST),
    "energy, relative_mahalanobis, knn": ("energy", RELATIVE, NEAREST),
    "probability, mahalanobis, knn": ("probability", "mahalanobis, Ledoit-Wolf", NEAREST),
    "probability, knn": ("probability", NEAREST),
    "relative_mahalanobis, knn": (RELATIVE, NEAREST),
}


def candidate_scores(
    train: Predictions, validation: Predictions, test: Predictions, labels: list[str]
) -> dict[str, Scores]:
    """Return each candidate's scores of the `test` rows, shape (rows,), by the candidate's name.

    They are fitted on `train`; combinations compare a row with the `validation` rows that are in scope. `labels` are
    those in scope.
    """
    inside = np.array([not is_out(label) for label in validation.actual])
    rated, known = {}, {}
    for name, rate in _raters(_vectors(train), label_ids(train.actual, labels)).items():
        rated[name] = rate(test.logits, _vectors(test))
        known[name] = np.sort(rate(validation.logits[inside], _vectors(validation)[inside]))
    for name, parts in COMBINED.items():
        rows, reference = [rated[part] for part in parts], np.stack([known[part] for part in parts])
        rated[f"fisher of {name}"] = scores.fisher(rows, reference)
        rated[f"average rank of {name}"] = average_rank(rows, reference)
    return rated


def average_rank(parts: list[Scores], reference: Scores) -> Scores:
    """Return the mean over several scores of the share of reference rows that score at most as high.

    `reference` is as for `textclf.oos.scores.fisher`.

    >>> average_rank([np.array([0.5, 2.5])], np.array([[1.0, 2.0, 3.0, 4.0]])).tolist()
    [0.0, 0.5]
    """
    below = [np.searchsorted(known, part, side="right") for part, known in zip(parts, reference, strict=True)]
    return np.asarray(np.mean(below, axis=0) / reference.shape[1])


def _raters(vectors: Floats, labels: Labels) -> dict[str, Rater]:
    """Return the single scores, fitted on training vectors, shape (rows, size), and their label numbers."""
    raters: dict[str, Rater] = {name: _of_logits(score) for name, score in OF_LOGITS.items()}
    known = {"known": unit(vectors)}
    for neighbors in (1, 5, 10):
        raters[f"knn, k = {neighbors}"] = _nearest(known, neighbors)
    by_label, overall = (scores.fit_mahalanobis(vectors, of) for of in (labels, np.zeros_like(labels)))
    background = {"background_mean": overall["means"][0], "background_precision": overall["precision"]}
    fitted = {"Ledoit-Wolf": by_label | background}
    fitted |= {f"shrinkage {by}": scores.fit_relative_mahalanobis(vectors, labels, by) for by in (0.1, 0.5)}
    for name, tensors in fitted.items():
        raters[f"mahalanobis, {name}"] = _of_vectors(scores.mahalanobis, tensors)
        raters[f"relative_mahalanobis, {name}"] = _of_vectors(scores.relative_mahalanobis, tensors)
    return raters


def _of_logits(score: Callable[[Floats], Scores]) -> Rater:
    return lambda logits, vectors: score(logits)


def _of_vectors(score: Callable[[Floats, Tensors], Scores], fitted: Tensors) -> Rater:
    return lambda logits, vectors: score(vectors, fitted)


def _nearest(known: Tensors, neighbors: int) -> Rater:
    return lambda logits, vectors: scores.kth_neighbor_distance(vectors, known, neighbors)


def _vectors(rows: Predictions) -> Floats:
    assert rows.vectors is not None, "the methods of the plan have vectors"
    return rows.vectors
