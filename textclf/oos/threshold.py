"""The threshold of the out-of-scope rule, chosen on validation rows. A score above it is out of scope.

All arrays have shape (rows,).
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from textclf.errors import InputError
from textclf.oos.labels import is_out
from textclf.params import Oos
from textclf.predictions import Predictions

Floats = NDArray[np.floating[Any]]
Mask = NDArray[np.bool_]


def choose_threshold(oos: Oos, intents: list[str], scores: Floats, validation: Predictions) -> float:
    """Return the threshold that `oos.target_of` asks for; `scores` are those of the rows of `validation`.

    `intents` are the in-scope labels, to which the first logits belong.
    """
    if unusable := int((~np.isfinite(scores)).sum()):
        raise InputError(
            f"{unusable:,} of {len(scores):,} validation rows have an out-of-scope score that isn't a number"
        )
    out = np.array([is_out(label) for label in validation.actual])
    if out.all():
        raise InputError("no validation row is in scope, so there is no threshold to choose")
    if oos.target_of != "in_scope" and not out.any():
        raise InputError(
            f"params.yaml: oos.target_of = {oos.target_of!r}: no validation row is out of scope; use in_scope"
        )
    if oos.target_of == "accuracy":
        best = validation.logits[:, : len(intents)].argmax(axis=1)
        right = np.array([intents[number] for number in best]) == np.array(validation.actual)
        return most_accurate(scores, right, out)
    return operating_point(scores[~out], scores[out], oos.target, oos.target_of)


def operating_point(inside: Floats, outside: Floats, target: float, target_of: str) -> float:
    """Return the threshold that reaches `target`, a share of the rows that `target_of` names, on these scores.

    >>> operating_point(np.array([1.0, 2.0, 3.0, 9.0]), np.array([5.0]), target=0.75, target_of="in_scope")
    3.0
    >>> operating_point(np.array([1.0]), np.array([4.0, 5.0, 6.0, 7.0]), target=0.25, target_of="out_of_scope") < 5
    True
    """
    if target_of == "in_scope":
        return float(np.sort(inside)[math.ceil(round(target * len(inside), 9)) - 1])
    let_through = math.floor(round(target * len(outside), 9))
    return float(np.nextafter(np.sort(outside)[let_through], -np.inf))


def most_accurate(scores: Floats, right: Mask, out: Mask) -> float:
    """Return the threshold with the highest accuracy when out of scope counts as one more intent (Larson et al. 2019).

    A row counts if it is answered and its intent is `right`, or if it is rejected and `out` of scope. The threshold is
    halfway between the highest score that is answered and the lowest that is rejected. Of equally good ones it is the
    highest, which answers the most messages.

    >>> scores, out = np.array([1.0, 2.0, 6.0]), np.array([False, False, True])
    >>> most_accurate(scores, np.array([True, True, False]), out)
    4.0
    """
    levels, level_of = np.unique(scores, return_inverse=True)
    gains = np.where(out, -1.0, right)  # rows that become right when a row is answered instead of rejected
    correct = np.concatenate([[0.0], np.bincount(level_of, gains).cumsum()])  # with 0, 1, ... levels answered
    answered = int(np.flatnonzero(correct == correct.max())[-1])
    if answered == 0:
        return float(np.nextafter(levels[0], -np.inf))
    below, above = levels[answered - 1], levels[min(answered, len(levels) - 1)]
    middle = float(below + (above - below) / 2)
    return middle if middle < above else float(below)  # neighbors in floating point have no number between them
