"""Flipped labels, and how many of them the audit finds."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from textclf.errors import InputError
from tools.audit.probe import judge
from tools.runs.trial import Bench

FIRST = 0.1  # of all rows
AT = 100  # rows of the list


class Found(NamedTuple):
    """How many rows are flagged, and shares: of the flips that are found if a tenth of all rows is looked at, of the
    first 100 rows of the list that are flips, and of the flagged rows that are flips; a share of no rows is None.
    """

    in_first_tenth: float
    precision_at_100: float | None
    flagged: float
    precision_of_flagged: float | None


def flip(labels: NDArray[np.int64], share: float, seed: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the labels with a share of them changed to another one, and which those are.

    >>> changed, flipped = flip(np.arange(20) % 4, 0.1, seed=0)
    >>> int(flipped.sum()), bool((changed != np.arange(20) % 4)[flipped].all())
    (2, True)
    """
    random, number = np.random.default_rng(seed), int(labels.max()) + 1
    flipped = np.zeros(len(labels), dtype=bool)
    flipped[random.choice(len(labels), round(share * len(labels)), replace=False)] = True
    steps = random.integers(1, number, len(labels))
    return np.where(flipped, (labels + steps) % number, labels), flipped


def found_flips(bench: Bench, vectors: NDArray[np.float32], share: float, seed: int) -> Found:
    """Flip a share of the training labels, and return how many the audit finds; `InputError` if it is none of them."""
    labels, flipped = flip(bench.rows["train"].labels, share, seed)
    if not flipped.any():
        raise InputError(f"--share: {share:g} of {len(labels):,} training labels flips none; a larger share is needed")
    flips = np.concatenate([flipped, np.zeros(len(bench.rows["validation"].ids), dtype=bool)])
    suspicion = judge(bench, vectors, labels, bench.params.audit.seed)
    listed, flagged = suspicion.listed(), suspicion.issue
    tenth = flips[listed[: round(FIRST * len(flips))]].sum() / flips.sum()
    first, of_flagged = (float(part.mean()) if part.size else None for part in (flips[listed[:AT]], flips[flagged]))
    return Found(float(tenth), first, float(flagged.sum()), of_flagged)
