"""Few training rows: then nothing is chosen on validation rows, which are only reported on."""

import sys

import numpy as np

from textclf.rows import Rows

FEW = 20  # training rows a label, on average; docs/few-labels.md has the measurement


def rows_each(rows: Rows) -> float:
    """Return the number of training `rows` a label, on average; a row that stands there repeatedly counts once."""
    return len(set(rows.ids)) / max(1, len(np.unique(rows.labels)))


def is_few(rows: Rows) -> bool:
    """Return whether training `rows` are fewer than `FEW` a label."""
    return rows_each(rows) < FEW


def candidates(C: float | list[float], fixed: float, rows: Rows) -> list[float]:
    """Return the values of C from which validation chooses, in order: of few rows, `fixed` in place of a list."""
    if not isinstance(C, list):
        return [C]
    if not is_few(rows):
        return sorted(C)
    say_fixed(rows, f"C = {fixed:g}")
    return [fixed]


def say_fixed(rows: Rows, what: str) -> None:
    """Print the line that says what is fixed because the rows are few."""
    each = f"{rows_each(rows):.3g} training rows a label"
    print(f"{each}: {what} is fixed, and validation rows choose nothing", file=sys.stderr)
