"""Writing scored rows as CSV, JSON lines or Parquet, so that they read back as they were."""

import csv
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from textclf.data.delimited import dialect_of
from textclf.data.json_lines import Row
from textclf.errors import InputError
from tools.predict.row_files import Window, format_of

ESCAPED = {place: f"\\u{place:04x}" for place in (0x85, 0x2028, 0x2029)}  # line ends for many programs


@dataclass(frozen=True)
class Columns:
    """The columns of an output: those `known` of the source, then the `added` ones with their types.

    `delimiter` stands between the cells of CSV; without one it is a comma, and a tab in .tsv.
    """

    source: Path
    known: Sequence[str]
    added: Mapping[str, pa.DataType]
    delimiter: str | None = None

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
    kind, rows = format_of(path), [row | answer for row, answer in zip(window.rows, answers, strict=True)]
    if kind == "jsonl":
        path.write_text("".join(f"{as_json(row)}\n" for row in rows), encoding="utf-8", newline="\n")
        return
    if more := sorted({name for row in window.rows for name in row} - set(columns.known)):
        raise InputError(
            f"{columns.source}: a row has {more[0]!r}, which the first row lacks; write JSON lines (.jsonl) instead"
        )
    if kind == "parquet":
        pq.write_table(_table(window, rows, answers, columns), path)
        return
    with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        _write_cells(file, rows, columns, header, kind, dialect_of(path, columns.delimiter).delimiter)


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


def as_json(row: Row) -> str:
    r"""Return `row` as one line of JSON that any program reads back; a number that JSON doesn't have is null.

    >>> as_json({"text": "a\u2028b", "note": "\ud83d", "share": float("nan")})
    '{"text": "a\\u2028b", "note": "\\ud83d", "share": null}'
    """
    finite = {key: None if isinstance(v, float) and not math.isfinite(v) else v for key, v in row.items()}
    text = json.dumps(finite, ensure_ascii=False, default=str).translate(ESCAPED)
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return json.dumps(finite, default=str)
    return text


def _table(window: Window, rows: list[Row], answers: list[Row], columns: Columns) -> pa.Table:
    added = {name: pa.array([row[name] for row in answers], kind) for name, kind in columns.added.items()}
    if window.batch is not None:
        known = dict(zip(window.batch.schema.names, window.batch.columns, strict=True))
    else:
        texts = {name: [_text(row.get(name), columns.source) for row in rows] for name in columns.known}
        known = {name: pa.array(values, pa.string()) for name, values in texts.items()}
    return pa.table(known | added)


def _write_cells(file: Any, rows: list[Row], columns: Columns, header: bool, kind: str, delimiter: str) -> None:
    options: dict[str, Any] = {"delimiter": delimiter, "lineterminator": "\n"}
    if kind == "tsv":
        plain = every = csv.writer(file, quoting=csv.QUOTE_NONE, quotechar=None, **options)
    else:
        plain, every = csv.writer(file, **options), csv.writer(file, quoting=csv.QUOTE_ALL, **options)
    if header:
        plain.writerow(columns.names)
    for row in rows:
        cells = [_text(row.get(name), columns.source) or "" for name in columns.names]
        if kind == "tsv" and any(sign in cell for cell in cells for sign in ("\r", "\n", delimiter)):
            raise InputError(f"{columns.source}: a cell holds a tab or a line break, which .tsv can't hold; write .csv")
        # Before 3.11.9, Python writes a bare carriage return without the quotes that it needs.
        (every if any("\r" in cell for cell in cells) else plain).writerow(cells)


def _text(value: Any, source: Path) -> str | None:
    """Return a value as text; bytes of a CSV file that aren't UTF-8 stay, half a surrogate pair elsewhere becomes ?."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if not isinstance(value, str):
        return json.dumps(value, default=str) if isinstance(value, (bool, int, float, list, dict)) else str(value)
    kept = format_of(source, packed=True) in ("csv", "tsv")
    return value if kept else value.encode("utf-8", "replace").decode("utf-8")
