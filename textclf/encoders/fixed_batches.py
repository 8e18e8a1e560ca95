"""Batches of few, fixed shapes, so that what comes out for a row doesn't depend on the rows beside it.

Sums of a matrix product run in an order that depends on the shape of a batch. With one shape for each length, a row has
the same result to the bit in any company and at any place (tests/test_frozen.py tries it on the machine at hand).
"""

from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from textclf.encoders.batches import Tokens
from textclf.progress import progress

Result = TypeVar("Result")

TOKENS = 1024  # of a batch, padding included
FEWEST = 8  # rows of a batch of long ones, so that the empty place costs little


def in_fixed_batches(
    run: Callable[[Tokens, Tokens], Result],
    input_ids: list[NDArray[np.int32]],
    pad: int,
    desc: str,
    multiple: int = 1,
    most: int | None = None,
) -> Iterator[tuple[list[int], Result]]:
    """Yield the positions of some rows and `run(tokens, mask)` of the batch that begins with them.

    Tokens and mask have the shape (`rows_of(length)`, length), a length that is a `multiple` or `most`, the longest
    that the model takes; places without a row hold a lone padding token.
    """
    padded = (padded_length(len(ids), multiple) for ids in input_ids)
    lengths = np.array([length if most is None else min(length, most) for length in padded], dtype=int)
    batches = [
        (chosen[start : start + rows_of(length) - 1].tolist(), int(length))
        for length in np.unique(lengths)[::-1]
        for chosen in [np.flatnonzero(lengths == length)]
        for start in range(0, len(chosen), rows_of(length) - 1)
    ]
    for rows, length in progress(batches, (len(rows) for rows, _ in batches), desc, "rows"):
        yield rows, run(*_filled([input_ids[row] for row in rows], length, pad))


def padded_length(tokens: int, multiple: int = 1) -> int:
    """Return `tokens` rounded up to four significant bits and to a `multiple`, a power of 2: few lengths remain.

    >>> [padded_length(tokens) for tokens in (7, 16, 17, 33, 64, 65, 500)]
    [7, 16, 18, 36, 64, 72, 512]
    >>> padded_length(9, multiple=4)
    12
    """
    step = max(multiple, 1 << max(0, tokens.bit_length() - 4))
    return -(-tokens // step) * step


def rows_of(length: int) -> int:
    """Return the rows of a batch of this length. One place is always empty: see `_filled`."""
    return max(FEWEST, TOKENS // length)


def _filled(input_ids: list[NDArray[np.int32]], length: int, pad: int) -> tuple[Tokens, Tokens]:
    """Return token ids and mask. The mask is never all ones, for which attention would take another path."""
    shape = rows_of(length), length
    tokens, mask = np.full(shape, pad, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    mask[:, 0] = 1  # attention to nothing would be NaN
    for row, ids in enumerate(input_ids):
        tokens[row, : len(ids)], mask[row, : len(ids)] = ids, 1
    return tokens, mask
