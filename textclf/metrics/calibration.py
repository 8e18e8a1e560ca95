"""Calibration: does a confidence of 0.9 mean that nine answers in ten are right?"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from textclf.probabilities import Labels, Probabilities


def bin_numbers(confidence: NDArray[np.floating[Any]], bins: int) -> NDArray[np.int64]:
    """Return the bin of each confidence in (0, 1], counted from 0: `bins` equally wide ones, closed on the right.

    >>> bin_numbers(np.array([0.05, 0.1, 0.11, 1.0]), bins=10).tolist()
    [0, 0, 1, 9]
    """
    return np.asarray(np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1))


def reliability(hit: NDArray[np.bool_], confidence: NDArray[np.float64], bins: int) -> dict[str, NDArray[np.float64]]:
    """Return rows, accuracy and mean confidence of each bin, shape (bins,); NaN where a bin is empty.

    `hit` says for each row whether its predicted label is the actual one; `confidence` is in (0, 1].
    """
    numbers = bin_numbers(confidence, bins)
    rows = np.bincount(numbers, minlength=bins).astype(np.float64)
    with np.errstate(invalid="ignore"):
        return {
            "rows": rows,
            "accuracy": np.bincount(numbers, weights=hit, minlength=bins) / rows,
            "confidence": np.bincount(numbers, weights=confidence, minlength=bins) / rows,
        }


def expected_calibration_error(actual: Labels, probabilities: Probabilities, bins: int) -> float:
    """Mean over rows of |accuracy - mean confidence| of the row's bin (Guo et al. 2017).

    A row's confidence is its highest probability; `bins` are equally wide over (0, 1].

    >>> expected_calibration_error(np.array([0, 1]), np.array([[0.9, 0.1], [0.9, 0.1]]), bins=10)
    0.4
    """
    table = reliability(probabilities.argmax(axis=1) == actual, probabilities.max(axis=1), bins)
    gaps = np.abs(table["accuracy"] - table["confidence"]) * table["rows"]
    return round(float(np.nansum(gaps) / len(actual)), 12)
