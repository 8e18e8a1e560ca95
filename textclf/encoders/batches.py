"""Batches of rows of like length, padded to their own longest; results in the order of the rows."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from textclf.progress import progress

Tokens = NDArray[np.int64]


def in_batches(
    run: Callable[[Tokens, Tokens], NDArray[np.float32]],
    input_ids: list[NDArray[np.int32]],
    pad: int,
    batch_size: int,
    desc: str,
) -> NDArray[np.float32]:
    """Return `run(tokens, mask)`, shape (batch, size), for every row: an array of shape (rows, size), in their order.

    Tokens and mask have shape (batch, longest). `desc` names the progress; an empty one shows none.

    >>> rows = [np.array([1, 2, 3], np.int32), np.array([4], np.int32)]
    >>> in_batches(lambda tokens, mask: (tokens * mask).sum(axis=1, keepdims=True).astype(np.float32), rows, 0, 1, "")
    array([[6.],
           [4.]], dtype=float32)
    """
    order = np.argsort([len(ids) for ids in input_ids], kind="stable")[::-1]
    batches = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
    shown = progress(batches, map(len, batches), desc, "rows")
    results = np.concatenate([run(*padded([input_ids[row] for row in batch], pad)) for batch in shown])
    return np.asarray(results[np.argsort(order, kind="stable")])


def padded(input_ids: list[NDArray[np.int32]], pad: int) -> tuple[Tokens, Tokens]:
    """Return token ids, filled up with `pad`, and attention mask of one batch.

    >>> padded([np.array([7, 8], np.int32), np.array([9], np.int32)], pad=0)
    (array([[7, 8],
           [9, 0]]), array([[1, 1],
           [1, 0]]))
    """
    tokens = np.full((len(input_ids), max(len(ids) for ids in input_ids)), pad, dtype=np.int64)
    mask = np.zeros_like(tokens)
    for row, ids in enumerate(input_ids):
        tokens[row, : len(ids)], mask[row, : len(ids)] = ids, 1
    return tokens, mask
