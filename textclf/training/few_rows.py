"""Few training rows: then nothing is chosen on validation rows, which are only reported on."""

import sys

import numpy as np

from textclf.training.task import Task

FEW = 20  # training rows a label, on average; docs/few-labels.md has the measurement


def rows_each(task: Task) -> float:
    """Return the number of training rows a label, on average; with its copies and further texts, a row counts once."""
    rows = {task.parents.get(row, row) for row in task.train.ids}
    return len(rows) / max(1, len(np.unique(task.train.labels)))


def is_few(task: Task) -> bool:
    """Return whether the training rows are fewer than `FEW` a label."""
    return rows_each(task) < FEW


def candidates(C: float | list[float], fixed: float, task: Task) -> list[float]:
    """Return the values of C from which validation chooses, in order: of few rows, `fixed` in place of a list."""
    if not isinstance(C, list):
        return [C]
    if not is_few(task):
        return sorted(C)
    say_fixed(task, f"C = {fixed:g}")
    return [fixed]


def say_fixed(task: Task, what: str) -> None:
    """Print the line that says what is fixed because the rows are few."""
    each = f"{rows_each(task):.3g} training rows a label"
    print(f"{each}: {what} is fixed, and validation rows choose nothing", file=sys.stderr)
