"""Few training rows: then nothing is chosen on validation rows, which are only reported on."""

import sys

import numpy as np

from textclf.probabilities import Labels

FEW = 20  # training rows a label, on average; docs/few-labels.md has the measurement


def is_few(labels: Labels) -> bool:
    """Return whether training rows with these `labels`, shape (rows,), are fewer than `FEW` a label.

    >>> is_few(np.array([0, 1] * 19)), is_few(np.array([0, 1] * 20))
    (True, False)
    """
    return len(labels) < FEW * len(np.unique(labels))


def candidates(C: float | list[float], fixed: float, labels: Labels) -> list[float]:
    """Return the values of C from which validation chooses, in order: of few rows, `fixed` in place of a list."""
    if not isinstance(C, list):
        return [C]
    if not is_few(labels):
        return sorted(C)
    say_fixed(labels, f"C = {fixed:g}")
    return [fixed]


def say_fixed(labels: Labels, what: str) -> None:
    """Print the line that says what is fixed because the rows are few."""
    each = len(labels) / len(np.unique(labels))
    print(f"{each:.3g} training rows a label: {what} is fixed, and validation rows choose nothing", file=sys.stderr)
