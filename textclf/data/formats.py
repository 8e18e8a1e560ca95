"""Reading a data set's file, of any format, into a table of strings; mistakes name the file and the row."""

import csv
import json
from pathlib import Path
from typing import Any

import pandas as pd

from textclf.data.row_labels import first, row_labels
from textclf.data.source_spec import Source
from textclf.errors import InputError

MAX_CHARACTERS = 1_000_000
RESERVED = ("id", "text", "label", "split")  # a source's own columns of these names get a prefix
ENDINGS = {".csv": "csv", ".txt": "text", ".tsv": "text", ".jsonl": "jsonl", ".parquet": "parquet"}


def read_table(path: Path, source: Source) -> pd.DataFrame:
    """Return the rows of `path` with the columns `text` and `label` first, then the source's own, all but numbers str.

    Raises `InputError` for bytes that are not UTF-8, a missing column, no rows, a row without a label, a label outside
    `label_names`, and a text of more than `MAX_CHARACTERS`. Row numbers count from 1 and leave out the header.
    """
    table = _parsed(path, source)
    wanted = {"text": source.text, "label": source.label, "split": source.split}
    wanted = {key: column for key, column in wanted.items() if column}
    for key, column in (wanted | source.out_of_scope_columns).items():
        if column not in table.columns:
            raise InputError(f"{path}: no column {column!r} (`{key}` in the source spec); it has {_listed(table)}")
    if table.empty:
        raise InputError(f"{path} holds no rows")
    labels = row_labels(table, source, path)
    taken = {column: f"source_{column}" for column in RESERVED if column not in wanted.values()}
    table = table.rename(columns=taken | {column: key for key, column in wanted.items()})
    table["text"], table["label"] = table["text"].fillna("").astype(str), labels
    _refuse_enormous(table["text"], path)
    return table[["text", "label", *(c for c in table.columns if c not in ("text", "label"))]]


def _parsed(path: Path, source: Source) -> pd.DataFrame:
    kind = source.format or ENDINGS.get(path.suffix)
    if kind is None:
        raise InputError(f"{path}: unknown ending; set `format` in the source spec to csv, text, jsonl or parquet")
    try:
        if kind == "parquet":
            return pd.read_parquet(path)
        _require_utf8(path)
        if kind == "clinc":
            return _clinc(path)
        if kind == "jsonl":
            return pd.read_json(path, lines=True, dtype=False)
        options: dict[str, Any] = {"quoting": csv.QUOTE_NONE} if kind == "text" else {}
        names = {"names": list(source.columns), "header": None} if source.columns else {}
        options |= {"encoding": "utf-8-sig"}  # Excel writes a byte order mark
        return pd.read_csv(path, sep=source.delimiter, dtype=str, keep_default_na=False, **options, **names)
    except pd.errors.EmptyDataError:
        raise InputError(f"{path} is empty") from None
    except (
        ValueError,
        TypeError,
        AttributeError,
        OSError,
    ) as error:  # pandas' and pyarrow's parser errors are among them
        raise InputError(f"{path} is not readable as {kind}: {str(error).strip()}") from None


def _clinc(path: Path) -> pd.DataFrame:
    """Read CLINC150's layout: lists of [text, label] by split, out-of-scope rows in lists of their own (`oos_test`)."""
    lists: dict[str, list[list[str]]] = json.loads(path.read_text(encoding="utf-8"))
    rows = [(*row, name.removeprefix("oos_")) for name, rows in lists.items() for row in rows]
    return pd.DataFrame(rows, columns=["text", "label", "split"]).replace({"split": {"val": "validation"}})


def _require_utf8(path: Path) -> None:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                byte = f"byte 0x{line[error.start]:02x} in column {error.start + 1}"
                raise InputError(f"{path}: line {number} is not UTF-8 ({byte}); save the file as UTF-8") from None


def _refuse_enormous(texts: "pd.Series[str]", path: Path) -> None:
    if (enormous := texts.str.len() > MAX_CHARACTERS).any():
        size = f"{int(texts[enormous].str.len().iloc[0]):,} characters, over the limit of {MAX_CHARACTERS:,}"
        raise InputError(f"{path}: row {first(enormous)} has a text of {size}; is a quote never closed?")


def _listed(table: pd.DataFrame) -> str:
    return ", ".join(repr(str(column)) for column in table.columns)
