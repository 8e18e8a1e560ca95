"""The rows of a data set's file: text, label and split as text, and the source's own columns under a prefix."""

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from textclf.data.delimited import MAX_CHARACTERS, suggestion
from textclf.data.formats import read_file
from textclf.data.json_lines import to_json
from textclf.data.row_labels import column_text, row_labels
from textclf.data.source_spec import Source
from textclf.data.table import Table
from textclf.errors import InputError
from textclf.rows import OWN
from textclf.splits import SPLITS

SURROGATE = re.compile("[\ud800-\udfff]")


def read_source_rows(path: Path, source: Source, optional: bool = False) -> pd.DataFrame:
    """Return the rows of `path`: text, label, split if the source has such a column, then `source.<column>` of others.

    An own column keeps its type if all values are of one; values of several, lists and mappings become JSON text.
    With `optional`, a row may have no label. Raises `InputError` for a missing column, a value that is no text, half of
    a surrogate pair, a text of more than `MAX_CHARACTERS`, an unknown split, an own column that is nested too deeply,
    and what `row_labels` refuses.
    """
    table = read_file(path, source)
    named = {"text": source.text, "label": source.label, "split": source.split}
    wanted = {key: column for key, column in named.items() if column}
    _require_columns(table, wanted | source.out_of_scope_columns)
    for column in table.frame:
        _require_pairs(table, column)
    rows = pd.DataFrame({"text": texts(table, source.text), "label": row_labels(table, source, optional)})
    if source.split:
        rows["split"] = _splits(table, source.split)
    others = [column for column in table.frame if column not in wanted.values()]
    own = {f"{OWN}{column}": _own(table, column) for column in others}
    return pd.concat([rows, pd.DataFrame(own, index=rows.index)], axis=1)


def texts(table: Table, column: str) -> "pd.Series[str]":
    """Return the column's texts, empty where there is no value; numbers become text."""
    values = table.frame[column]
    number = values.map(lambda value: isinstance(value, (int, float)) and not isinstance(value, bool))
    if (bad := ~(values.isna() | number | values.map(lambda value: isinstance(value, str)))).any():
        shown = f"{table.first(column, bad)!r:.60}"
        raise InputError(
            f"{table.place(bad)}: {shown} is not a text; one text a row is needed, and pairs are not supported"
        )
    found = values.where(values.notna(), "").astype(str)
    if (enormous := found.str.len() > MAX_CHARACTERS).any():
        size = f"{len(found[enormous].iloc[0]):,} characters, over the limit of {MAX_CHARACTERS:,}"
        raise InputError(f"{table.place(enormous)} has a text of {size}")
    return found


def _splits(table: Table, column: str) -> "pd.Series[str]":
    splits = column_text(table.frame[column])
    if (unknown := ~splits.isin(SPLITS)).any():
        found = splits[unknown].iloc[0]
        raise InputError(f"{table.place(unknown)}: split {found!r:.60}; allowed: {', '.join(SPLITS)}")
    return splits


def _own(table: Table, column: str) -> "pd.Series[Any]":
    try:
        return of_one_type(table.frame[column])
    except RecursionError:
        raise InputError(f"{table.path}: the column {column!r} is nested too deeply") from None


def _require_columns(table: Table, wanted: dict[str, str]) -> None:
    names = [str(name) for name in table.frame.columns]
    for key, column in wanted.items():
        if column not in names:
            hint = suggestion(names[0]) if len(names) == 1 else ""
            listed = ", ".join(map(repr, names))
            raise InputError(f"{table.path}: no column {column!r} (`{key}` in the source spec); it has {listed}{hint}")


def _require_pairs(table: Table, column: str) -> None:
    half = table.frame[column].map(lambda value: isinstance(value, str) and SURROGATE.search(value) is not None)
    if half.any():
        raise InputError(
            f"{table.place(half)}: {column!r} holds half of a surrogate pair (a cut emoji); write the whole character"
        )


def of_one_type(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return the values of an own column, as JSON text if they are of several types, or lists, or mappings."""
    # A list, as pandas would turn whole numbers beside an empty cell into floats, which lose digits.
    values = [None if isinstance(value, float) and value != value else value for value in column.tolist()]
    try:
        kept = not pa.types.is_nested(pa.array(values).type)
    except (pa.ArrowException, OverflowError, TypeError, ValueError):  # values of several types
        kept = False
    found = (
        values if kept else [value if value is None or isinstance(value, str) else to_json(value) for value in values]
    )
    return pd.Series(found, column.index, dtype=object)
