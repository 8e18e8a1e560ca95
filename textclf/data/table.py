"""A file's values before they are rows of a data set: where each stands, for messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd


@dataclass(frozen=True)
class Table:
    """The values of a file by column; `lines` are the numbers of the rows' lines where the format has lines."""

    path: Path
    frame: pd.DataFrame
    lines: Sequence[int] | None = None

    def place(self, mask: "pd.Series[bool]") -> str:
        """Return file and line (or row, from 1) of the first row that `mask` marks.

        >>> table = Table(Path("x.csv"), pd.DataFrame({"text": ["a", "b"]}), [2, 3])
        >>> table.place(table.frame["text"] == "b")
        'x.csv: line 3'
        """
        row = int(mask.to_numpy().argmax())
        return f"{self.path}: " + (f"line {self.lines[row]}" if self.lines else f"row {row + 1}")

    def first(self, column: str, mask: "pd.Series[bool]") -> Any:
        """Return the column's value in the first row that `mask` marks."""
        return self.frame[column].iloc[int(mask.to_numpy().argmax())]
