"""Near-duplicates among texts, exactly, without comparing each text with each other one.

A text is a vector of length 1, the TF-IDF of its groups of 3 to 5 characters. Sort its values by the frequency of their
groups, the rarest first, and call as many of them its head as leave a rest shorter than `REST`. What two texts share
outside of both heads lies in one text's rest, so it adds less than `REST` to their cosine: a pair whose heads share
less than `NEAR` - `REST` is no near-duplicate (prefix filtering; Bayardo et al. 2007). As heads hold rare groups, few
pairs are left to compare whole.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from textclf.metrics.char_grams import blocks, fit_grams

NEAR = 0.9  # cosine similarity of character n-grams at or above which two texts are near-duplicates
REST = 0.8  # longer heads cost more in the product of heads, shorter ones leave more pairs to compare
SLACK = 1e-6  # of rounding; the exact comparison comes after
CELLS = 5_000_000  # pairs of texts whose heads are multiplied at a time
PAIRS = 20_000  # pairs compared whole at a time


def near_duplicates(texts: list[str], others: list[str]) -> NDArray[np.bool_]:
    """Return which of `texts` are like one of `others`: cosine of TF-IDF of 3 to 5 characters of at least `NEAR`.

    Shape (texts,). Memory holds the vectors of `texts`, and those of a block of `others`.

    >>> near_duplicates(["where is my parcel?", "good morning"], ["Where is my parcel", "bye"]).tolist()
    [True, False]
    """
    if not texts or not others:
        return np.zeros(len(texts), dtype=bool)
    grams, frequency = fit_grams(others)
    order = np.argsort(np.argsort(frequency, kind="stable"))  # each group's place, the rarest first
    rows, distinct = pd.factorize(np.array(texts, dtype=object))
    asked = grams.transform(distinct)
    heads, found = _heads(asked, order).T.tocsr(), np.zeros(len(distinct), dtype=bool)
    for _, block in blocks(grams, list(dict.fromkeys(others))):
        for own, other in _candidates(_heads(block, order), heads):
            _compare(block, own, asked, other, found)
    return np.asarray(found[rows])


def nearest_twins(texts: list[str], others: list[str] | None = None) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return for each of `texts` the position of its nearest near-duplicate among `others`, and their cosine.

    Without `others`, among the other `texts`, which are then all different. Shape (texts,) both; -1 and 0 for a text
    without a near-duplicate.

    >>> nearest_twins(["where is my parcel?", "bye", "Where is my parcel?"])[0].tolist()
    [2, -1, 0]
    """
    twin, nearest = np.full(len(texts), -1), np.zeros(len(texts))
    among = texts if others is None else others
    if not texts or not among:
        return twin, nearest
    grams, frequency = fit_grams(among)
    order = np.argsort(np.argsort(frequency, kind="stable"))
    asked = grams.transform(among)
    heads = _heads(asked, order).T.tocsr()
    for first, block in blocks(grams, texts):
        for own, other in _candidates(_heads(block, order), heads):
            kept = np.ones(len(own), dtype=bool) if others is not None else own + first != other
            _keep_nearest(block, first, own[kept], asked, other[kept], (twin, nearest))
    return twin, nearest


def _heads(vectors: csr_matrix, order: NDArray[np.int64]) -> csr_matrix:
    """Return `vectors`, each with its head alone."""
    rows = np.repeat(np.arange(vectors.shape[0]), np.diff(vectors.indptr))
    by_rarity = np.lexsort((order[vectors.indices], rows))
    values, columns = vectors.data[by_rarity], vectors.indices[by_rarity]
    squares = np.concatenate([[0.0], np.cumsum(values**2)])
    rest = squares[vectors.indptr[1:]][rows] - squares[:-1]  # from this value on
    head = rest >= (REST - SLACK) ** 2
    return csr_matrix((values[head], (rows[head], columns[head])), shape=vectors.shape)


def _candidates(heads: csr_matrix, others: csr_matrix) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield the pairs, rows of `heads` and columns of `others`, that can be near; at most about `CELLS` at a time."""
    costs = np.cumsum(heads.astype(bool) @ np.diff(others.indptr))
    ends = np.unique(np.searchsorted(costs, np.arange(CELLS, costs[-1], CELLS), side="right"))
    for start, end in zip([0, *ends], [*ends, heads.shape[0]], strict=True):
        shared = (heads[start:end] @ others).tocoo()
        enough = shared.data >= NEAR - REST - SLACK
        yield shared.row[enough] + start, shared.col[enough]


def _compare(
    vectors: csr_matrix, own: NDArray[np.int64], asked: csr_matrix, other: NDArray[np.int64], found: NDArray[np.bool_]
) -> None:
    """Mark in `found` the rows `other` of `asked` that are near the rows `own` of `vectors`."""
    left = ~found[other]
    own, other = own[left], other[left]
    for start in range(0, len(own), PAIRS):
        part = slice(start, start + PAIRS)
        cosines = np.asarray(vectors[own[part]].multiply(asked[other[part]]).sum(axis=1)).ravel()
        found[other[part][cosines >= NEAR]] = True


def _keep_nearest(
    vectors: csr_matrix,
    first: int,
    own: NDArray[np.int64],
    asked: csr_matrix,
    other: NDArray[np.int64],
    found: tuple[NDArray[np.int64], NDArray[np.float64]],
) -> None:
    """Note in `found`, twins and their cosines, what is nearer to the rows `own` of `vectors` than what is there."""
    twin, nearest = found
    for start in range(0, len(own), PAIRS):
        part = slice(start, start + PAIRS)
        cosines = np.asarray(vectors[own[part]].multiply(asked[other[part]]).sum(axis=1)).ravel()
        table = pd.DataFrame({"own": own[part] + first, "other": other[part], "cosine": cosines})
        table = table[table["cosine"] >= NEAR].sort_values(["cosine", "other"], ascending=[False, True])
        best = table.drop_duplicates("own")
        better = best[best["cosine"].to_numpy() > nearest[best["own"]]]
        twin[better["own"]], nearest[better["own"]] = better["other"], better["cosine"]
