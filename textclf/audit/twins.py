"""Rows that say the same as another row: the same text for a reader, or a near-duplicate."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from textclf.audit.neighbors import NEAR, Neighbors, nearest_among
from textclf.metrics.near_duplicates import nearest_twins

Vectors = NDArray[np.float32]


class Twin(NamedTuple):
    """The row at position `row` has a twin at position `other`, of another table for `near_test`."""

    kind: str
    row: int
    other: int
    similarity: float


def same_text_twins(groups: NDArray[np.int64], labels: list[str]) -> list[Twin]:
    """Return a twin for each row whose group, those of the same text, has others: `conflict` or `duplicate`.

    One with another label comes before one with the same.

    >>> same_text_twins(np.array([0, 1, 0]), ["a", "a", "b"])
    [Twin(kind='conflict', row=0, other=2, similarity=1.0), Twin(kind='conflict', row=2, other=0, similarity=1.0)]
    """
    found = []
    for members in pd.Series(range(len(groups))).groupby(groups).agg(list):
        firsts = {labels[row]: row for row in reversed(members)}  # of each label; two of them are enough for any row
        torn = sorted(firsts.values())[:2]
        for row in members if len(members) > 1 else ():
            others = [other for other in torn if labels[other] != labels[row]]
            other = next(other for other in (*others, *members[:2]) if other != row)
            found.append(Twin("conflict" if others else "duplicate", row, other, 1.0))
    return found


def near_twins(texts: list[str], groups: NDArray[np.int64], neighbors: Neighbors) -> Iterator[Twin]:
    """Yield the nearest near-duplicate of each text: by groups of characters, else by the cosine of vectors."""
    _, first = np.unique(groups, return_index=True)
    twin, similarity = nearest_twins([texts[row] for row in first])
    for place, row in enumerate(first):
        if twin[place] >= 0:
            yield Twin("near_duplicate", int(row), int(first[twin[place]]), float(similarity[place]))
        elif neighbors.cosine[row] >= NEAR:
            yield Twin("near_duplicate", int(row), int(neighbors.nearest[row]), float(neighbors.cosine[row]))


def twins_in_test(texts: list[str], vectors: Vectors, tested: list[str], tested_vectors: Vectors) -> Iterator[Twin]:
    """Yield the nearest test row of each text that has a near-duplicate there, in the same way."""
    if not texts or not tested:
        return
    twin, similarity = nearest_twins(texts, tested)
    nearest, cosine = nearest_among(vectors, tested_vectors)
    for row in range(len(texts)):
        if twin[row] >= 0:
            yield Twin("near_test", row, int(twin[row]), float(similarity[row]))
        elif cosine[row] >= NEAR:
            yield Twin("near_test", row, int(nearest[row]), float(cosine[row]))
