"""Predictions of single rows in git: a JSON list a row, the column names first, a row a line for a readable diff.

Not CSV: DVC keeps it in git without losing the stage's run-cache only as a metric or a plot, would embed a CSV plot
whole into every page, and passes over a metric that is a list.
"""

import json
from pathlib import Path

import pandas as pd

from stages.lib.outputs import new


def write_listing(table: pd.DataFrame, path: Path) -> None:
    """Write `table`."""
    lines = [json.dumps(row, ensure_ascii=False) for row in [list(table.columns), *table.to_numpy().tolist()]]
    new(path).write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


def read_listing(path: Path) -> pd.DataFrame:
    """Return the table that `write_listing` wrote."""
    columns, *rows = json.loads(path.read_text(encoding="utf-8"))
    return pd.DataFrame(rows, columns=columns)
