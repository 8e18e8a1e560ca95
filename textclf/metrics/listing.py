"""Predictions of single rows in git: a JSON list a row, the column names first, a row a line for a readable diff.

Why not CSV: DVC keeps a file in git without disabling the stage's run-cache only as a metric or a plot. It would embed
a CSV plot whole into every page, but skips a metric that is a list.
"""

import json
from pathlib import Path

import pandas as pd

from textclf.outputs import ensure_parent


def write_listing(table: pd.DataFrame, path: Path) -> None:
    """Write `table`."""
    lines = [json.dumps(row, ensure_ascii=False) for row in [list(table.columns), *table.to_numpy().tolist()]]
    ensure_parent(path).write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


def read_listing(path: Path) -> pd.DataFrame:
    """Return the table that `write_listing` wrote."""
    columns, *rows = json.loads(path.read_text(encoding="utf-8"))
    return pd.DataFrame(rows, columns=columns)
