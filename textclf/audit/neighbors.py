"""The nearest rows by the cosine of their vectors: rows that say the same, and rows that are far from all others."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

NEAREST = 10  # rows whose mean distance tells an outlier, as in cleanlab's Datalab
NEAR = 0.95  # cosine of two vectors at or above which two texts say the same
SPREADS = 1.7  # interquartile ranges above the third quartile from which on a row is an outlier, as in Datalab
AT_A_TIME = 1000  # rows


@dataclass(frozen=True)
class Neighbors:
    """Of each row, shape (rows,): the mean cosine distance to its nearest rows, the nearest one, and its cosine."""

    distance: NDArray[np.float64]
    nearest: NDArray[np.int64]
    cosine: NDArray[np.float64]


def find_neighbors(vectors: Vectors, groups: NDArray[np.int64]) -> Neighbors:
    """Return the neighbors of each row among the rows of other groups; a group is a text that several rows have.

    `vectors` have length 1, shape (rows, size).
    """
    parts = list(_blocks(vectors, groups))
    distance, nearest, cosine = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Neighbors(distance, nearest, cosine)


def nearest_among(vectors: Vectors, others: Vectors) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the position and the cosine of the nearest of `others`, one or more, to each of `vectors`."""
    nearest, cosine = np.zeros(len(vectors), dtype=np.int64), np.zeros(len(vectors))
    for start in range(0, len(vectors), AT_A_TIME):
        part = slice(start, start + AT_A_TIME)
        cosines = vectors[part] @ others.T
        nearest[part], cosine[part] = cosines.argmax(axis=1), cosines.max(axis=1)
    return nearest, cosine


def outliers(distance: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which distances are far above the others: `SPREADS` interquartile ranges over the third quartile."""
    first, third = np.quantile(distance, [0.25, 0.75])
    return np.asarray(distance > third + SPREADS * (third - first))


def _blocks(vectors: Vectors, groups: NDArray[np.int64]) -> Iterator[tuple[NDArray, NDArray, NDArray]]:  # type: ignore[type-arg]
    count = min(NEAREST, len(vectors) - 1)
    for start in range(0, len(vectors), AT_A_TIME):
        part = slice(start, start + AT_A_TIME)
        cosines = vectors[part] @ vectors.T
        cosines[groups[part, None] == groups[None, :]] = -1.0
        nearest = cosines.argmax(axis=1)
        closest = np.partition(cosines, -count, axis=1)[:, -count:]
        yield (
            1 - closest.mean(axis=1, dtype=np.float64),
            nearest,
            cosines[np.arange(len(nearest)), nearest].astype(float),
        )
