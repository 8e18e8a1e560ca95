"""Paired bootstrap over rows: how the difference between two runs' scores varies with the rows that were drawn.

Both runs predict the same rows. Each resample draws as many rows, with replacement, and scores both runs on them, so
that a row's difficulty for both cancels out (Efron & Tibshirani 1993, ch. 13: percentile intervals).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from textclf.metrics.calibration import bin_numbers
from textclf.probabilities import label_ids

Floats = NDArray[np.float64]
Scores = dict[str, Floats]

RESAMPLES = 10_000
BLOCK = 250  # resamples at a time: a few megabytes of row numbers
F1_BY_LABEL = "f1_by_label"


@dataclass(frozen=True)
class Side:
    """One run's predictions as numbers, shape (rows,): label numbers, confidences and losses."""

    actual: NDArray[np.int64]
    predicted: NDArray[np.int64]
    confidence: Floats
    loss: Floats


def to_side(table: pd.DataFrame, labels: list[str]) -> Side:
    """Return a table of predictions with its labels as their positions in `labels`."""
    actual, predicted = (label_ids(table[column].tolist(), labels) for column in ("actual", "predicted"))
    return Side(actual, predicted, table["confidence"].to_numpy(float), table["loss"].to_numpy(float))


def resampled(base: Side, head: Side, labels: int, bins: int, resamples: int = RESAMPLES, seed: int = 0) -> Scores:
    """Return the difference head - base of each score on each resample, shape (resamples,).

    `f1_by_label` has shape (resamples, labels). The definitions are those of textclf/metrics.
    """
    scorers = [scorer(side, labels, bins) for side in (base, head)]
    blocks = []
    for drawn in draws(len(base.actual), resamples, seed):
        before, after = (score(drawn) for score in scorers)
        blocks.append({name: after[name] - before[name] for name in after})
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


def scorer(side: Side, labels: int, bins: int) -> Callable[[NDArray[np.int64]], Scores]:
    """Return a function from drawn row numbers, shape (resamples, rows), to the scores of each resample.

    Label scores need only the counts of (actual, predicted) pairs, of which there are far fewer than rows.
    """
    pairs, pair = np.unique(side.actual * labels + side.predicted, return_inverse=True)
    actual, predicted = (np.eye(labels)[numbers] for numbers in np.divmod(pairs, labels))
    gap = (side.actual == side.predicted) - side.confidence
    place = bin_numbers(side.confidence, bins)

    def score(drawn: NDArray[np.int64]) -> Scores:
        counts = _tallied(pair[drawn], len(pairs))
        gaps = _tallied(place[drawn], bins, gap[drawn])
        return label_scores(counts @ actual, counts @ predicted, counts @ (actual * predicted)) | {
            "log_loss": side.loss[drawn].mean(axis=1),
            "ece": np.abs(gaps).sum(axis=1) / drawn.shape[1],
        }

    return score


def label_scores(actual: Floats, predicted: Floats, hits: Floats) -> Scores:
    """Return the scores of counts by label, each of shape (resamples, labels)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        precision, recall, f1 = (np.nan_to_num(hits / total) for total in (predicted, actual, (actual + predicted) / 2))
    present = (actual + predicted > 0).sum(axis=1)
    rows = actual.sum(axis=1)
    return {
        "accuracy": hits.sum(axis=1) / rows,
        "macro_f1": f1.sum(axis=1) / present,
        "weighted_f1": (f1 * actual).sum(axis=1) / rows,
        "macro_precision": precision.sum(axis=1) / present,
        "macro_recall": recall.sum(axis=1) / present,
        F1_BY_LABEL: f1,
    }


def draws(rows: int, resamples: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """Yield row numbers, shape (up to BLOCK, rows), drawn with replacement."""
    random = np.random.default_rng(seed)
    for start in range(0, resamples, BLOCK):
        yield random.integers(rows, size=(min(BLOCK, resamples - start), rows))


def interval(differences: Floats) -> tuple[Floats, Floats]:
    """Return the 95% percentile interval over the first axis."""
    low, high = np.quantile(differences, [0.025, 0.975], axis=0)
    return low, high


def mean_interval(values: Floats) -> tuple[float, float]:
    """Return the 95% interval of the mean of `values`, shape (rows,), by drawing rows; exact 0s for equal runs."""
    means = np.concatenate([values[drawn].mean(axis=1) for drawn in draws(len(values), RESAMPLES, 0)])
    low, high = interval(means)
    return float(low), float(high)


def p_value(differences: Floats) -> Floats:
    """Return the two-sided p of 'no difference' over the first axis: twice the smaller tail, never quite 0.

    Davison & Hinkley 1997, eq. 4.11, for the bootstrap distribution turned round to test 0.
    """
    size = len(differences)
    tails = [((differences <= 0).sum(axis=0) + 1) / (size + 1), ((differences >= 0).sum(axis=0) + 1) / (size + 1)]
    return np.asarray(np.minimum(1.0, 2 * np.minimum(*tails)))


def _tallied(cells: NDArray[np.int64], size: int, weights: Floats | None = None) -> Floats:
    """Return how often each of `size` cells comes in each row of `cells`, or the sum of its weights."""
    offset = cells + size * np.arange(len(cells))[:, None]
    flat = None if weights is None else weights.ravel()
    return np.bincount(offset.ravel(), flat, size * len(cells)).reshape(len(cells), size).astype(float)
