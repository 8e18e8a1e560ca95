"""Reading a data set's file, of any format, into a table of its values; mistakes name the file and the line."""

import json
import zlib
from array import array
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from textclf.data import delimited, json_lines
from textclf.data.arrow import plain_times
from textclf.data.names import repeated
from textclf.data.source_spec import Source
from textclf.data.table import Table
from textclf.data.text_files import open_text, require_utf8
from textclf.errors import InputError

ENDINGS = {
    ".csv": "csv",
    ".txt": "text",
    ".tsv": "text",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".parquet": "parquet",
}
EXCEL = (".xls", ".xlsx", ".xlsm", ".ods")


def read_file(path: Path, source: Source) -> Table:
    """Return the values of `path` as they are in the file, with the number of each row's line.

    Raises `InputError` for a file that is not of its format, bytes that are not UTF-8 and a file without rows.
    """
    kind = source.format or _format_of(path)
    try:
        if kind != "parquet":
            require_utf8(path)
        table = READERS[kind](path, source)
    except (
        OSError,
        EOFError,
        zlib.error,
        ValueError,
        OverflowError,
        pa.ArrowException,
    ) as error:  # a .gz that was cut off, ...
        raise InputError(f"{path} is not readable as {kind}: {' '.join(str(error).split())}") from None
    if table.frame.empty:
        raise InputError(f"{path} {'holds no rows' if len(table.frame.columns) else 'is empty'}")
    return table


def _format_of(path: Path) -> str:
    ending = Path(path.name.lower().removesuffix(".gz")).suffix
    if path.is_dir():
        raise InputError(
            f"{path} is a folder; if `datasets` saved it, write a file for each split: "
            f'datasets.load_from_disk("{path}")["train"].to_parquet("train.parquet")'
        )
    if ending in EXCEL:
        raise InputError(f"{path}: spreadsheets are not read; save the sheet as CSV (UTF-8)")
    if ending not in ENDINGS:
        allowed = "csv, text, json, jsonl, clinc or parquet"
        raise InputError(f"{path}: unknown ending; set `format` in the source spec to {allowed}")
    return ENDINGS[ending]


def _delimited(path: Path, source: Source) -> Table:
    quoted = (source.format or _format_of(path)) == "csv"
    dialect = delimited.dialect_of(path, source.delimiter)._replace(quoted=quoted)
    with open_text(path, newline="") as lines:
        rows = delimited.read_rows(lines, path, dialect, source.columns)
        _, header = next(rows, (0, []))
        numbers, columns = array("q"), [list[str]() for _ in header]
        for number, cells in rows:  # into columns at once: a list for each of many rows is half of the memory
            numbers.append(number)
            for column, cell in zip(columns, cells, strict=True):
                column.append(cell)
    frame = pd.DataFrame(dict(enumerate(columns)), dtype=object)
    return Table(path, frame.set_axis(header, axis=1), numbers)


def _json_lines(path: Path, _: Source) -> Table:
    with open_text(path, newline="\n") as lines:
        numbers, rows = array("q"), list[json_lines.Row]()
        for number, row in json_lines.read_rows(lines, path):
            numbers.append(number)
            rows.append(row)
    return Table(path, pd.DataFrame(rows, dtype=object), numbers)


def _json(path: Path, _: Source) -> Table:
    with open_text(path, newline="") as file:
        text = file.read()
    try:
        rows = json_lines.parse(text, str(path))
    except InputError as error:
        hint = "; if each line is an object, set format: jsonl" if ": Extra data: " in str(error) else ""
        raise InputError(f"{error}{hint}") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputError(f"{path} is not a list of JSON objects, one a row")
    return Table(path, pd.DataFrame(rows, dtype=object))


def _clinc(path: Path, _: Source) -> Table:
    """Read CLINC150's layout: lists of [text, label] by split, out-of-scope rows in lists of their own (`oos_test`)."""
    with open_text(path, newline="") as file:
        lists = json_lines.parse(file.read(), str(path))
    if not isinstance(lists, dict) or not all(_is_pairs(rows) for rows in lists.values()):
        raise InputError(f"{path} is not readable as clinc: lists of [text, label] by split are expected")
    splits = {name: {"val": "validation"}.get(split := name.removeprefix("oos_"), split) for name in lists}
    rows = [(*row, splits[name]) for name, pairs in lists.items() for row in pairs]
    return Table(path, pd.DataFrame(rows, columns=["text", "label", "split"], dtype=object))


def _is_pairs(rows: object) -> bool:
    return isinstance(rows, list) and all(isinstance(row, list) and len(row) == 2 for row in rows)


def _parquet(path: Path, _: Source) -> Table:
    table = pq.read_table(path)
    if (twice := repeated(table.column_names)) is not None:
        raise InputError(f"{path}: two columns are called {twice!r}; rename one")
    columns = {name: _named(table, name) for name in table.column_names}
    return Table(path, pd.DataFrame(columns, dtype=object))


def _named(table: pa.Table, name: str) -> list[object]:
    """Return a column's values; a ClassLabel of `datasets` as the names that the file's metadata hold."""
    column = plain_times(table[name])
    names = _class_names(table.schema.metadata or {}, name)
    values: list[object] = column.to_pylist()
    if not names:
        return values
    return [names[value] if isinstance(value, int) and 0 <= value < len(names) else None for value in values]


def _class_names(metadata: Mapping[bytes, bytes], name: str) -> list[str]:
    """Return the names of a `ClassLabel`, or nothing where the metadata have another shape."""
    try:
        found = json.loads(metadata[b"huggingface"])["info"]["features"][name]["names"]
    except (KeyError, TypeError, ValueError, RecursionError):
        return []
    return found if isinstance(found, list) and all(isinstance(label, str) for label in found) else []


READERS: dict[str, Callable[[Path, Source], Table]] = {
    "csv": _delimited,
    "text": _delimited,
    "jsonl": _json_lines,
    "json": _json,
    "clinc": _clinc,
    "parquet": _parquet,
}
