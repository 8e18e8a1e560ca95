"""Few training rows: then nothing is chosen on validation rows, which are only reported on."""

import sys

from textclf.oos.labels import is_out
from textclf.training.task import Task

FEW = 20  # training rows a label, on average; docs/few-labels.md has the measurement


def rows_each(task: Task) -> float:
    """Return the number of training rows of an in-scope label, on average; a row and its copies count once."""
    out = [is_out(name) for name in task.labels]
    rows = [(task.parents.get(row, row), label) for row, label in zip(task.train.ids, task.train.labels, strict=True)]
    inside = {row: label for row, label in rows if not out[label]}
    return len(inside) / max(1, len(set(inside.values())))


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
