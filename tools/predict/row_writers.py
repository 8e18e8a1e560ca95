"""Writing scored rows as CSV, JSON lines or Parquet, so that they read back as they were."""

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from textclf.data.json_lines import Row, to_json
from textclf.errors import InputError
from tools.predict.row_files import Window, format_of

JSON_TYPES = (bool, int, list, dict)


@dataclass(frozen=True)
class Columns:
    """The columns of an output: those `known` of the source, then the `added` ones with their types."""

    source: Path
    known: Sequence[str]
    added: Mapping[str, pa.DataType]

    @property
    def names(self) -> list[str]:
        """All names, in order."""
        return [*self.known, *self.added]


def write_rows(window: Window, answers: list[Row], path: Path, columns: Columns, header: bool) -> None:
    """Write the rows of `window` with `answers`, the added columns, in the format of `path`'s ending.

    CSV and Parquet have the columns of the source; another one in a later row is an `InputError`, as is a cell with a
    tab or a line break in .tsv. In Parquet the columns of a Parquet source keep their types, others are text.
    A `header` is for CSV and TSV.
    """
    kind, found = format_of(path), {name for row in window.parsed for name in row}
    if taken := sorted(found & set(columns.added)):
        raise InputError(f"{columns.source}: a row has {taken[0]!r}, which scoring would add; rename it")
    if kind == "parquet" and window.batch is not None:
        pq.write_table(_table(window, [], answers, columns), path)
        return
    rows = [row | answer for row, answer in zip(window.rows, answers, strict=True)]
    if kind == "jsonl":
        path.write_text("".join(f"{to_json(row)}\n" for row in rows), encoding="utf-8", newline="\n")
        return
    if more := sorted(found - set(columns.known)):
        raise InputError(
            f"{columns.source}: a row has {more[0]!r}, which the first row lacks; write JSON lines (.jsonl) instead"
        )
    if kind == "parquet":
        pq.write_table(_table(window, rows, answers, columns), path)
        return
    with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        _write_cells(file, rows, columns, header, kind)


def join_files(parts: list[Path], path: Path) -> None:
    """Write the rows of `parts`, one or more of `path`'s format, into `path`, a part at a time."""
    if format_of(path) == "parquet":
        with pq.ParquetWriter(path, pq.read_schema(parts[0])) as writer:
            for part in parts:
                writer.write_table(pq.read_table(part))
        return
    with path.open("wb") as file:
        for part in parts:
            file.write(part.read_bytes())


def _table(window: Window, rows: list[Row], answers: list[Row], columns: Columns) -> pa.Table:
    added = {name: pa.array([row[name] for row in answers], kind) for name, kind in columns.added.items()}
    if window.batch is not None:
        known = dict(zip(window.batch.schema.names, window.batch.columns, strict=True))
    else:
        texts = {name: [_text(row.get(name)) for row in rows] for name in columns.known}
        known = {name: pa.array(values, pa.string()) for name, values in texts.items()}
    return pa.table(known | added)


def _write_cells(file: Any, rows: list[Row], columns: Columns, header: bool, kind: str) -> None:
    delimiter, kept = "\t" if kind == "tsv" else ",", format_of(columns.source, packed=True) in ("csv", "tsv")
    options: dict[str, Any] = {"delimiter": delimiter, "lineterminator": "\n"}
    if kind == "tsv":
        plain = every = csv.writer(file, quoting=csv.QUOTE_NONE, quotechar=None, **options)
    else:
        plain, every = csv.writer(file, **options), csv.writer(file, quoting=csv.QUOTE_ALL, **options)
    lines = [columns.names] if header else []
    lines += [[_text(row.get(name), kept) or "" for name in columns.names] for row in rows]
    for cells in lines:
        if kind == "tsv" and any(sign in cell for cell in cells for sign in ("\r", "\n", delimiter)):
            raise InputError(f"{columns.source}: a cell holds a tab or a line break, which .tsv can't hold; write .csv")
        # Before 3.11.9, Python writes a bare carriage return without the quotes that it needs.
        (every if any("\r" in cell for cell in cells) else plain).writerow(cells)


def _text(value: Any, kept: bool = False) -> str | None:
    """Return a value as text; half a surrogate pair becomes a question mark, unless it is `kept` as a byte."""
    if value is None:
        return None
    if isinstance(value, float):
        return None if math.isnan(value) else float.__repr__(value) if math.isfinite(value) else to_json(value)
    text = value if isinstance(value, str) else to_json(value) if isinstance(value, JSON_TYPES) else str(value)
    return text if kept else text.encode("utf-8", "replace").decode("utf-8")
