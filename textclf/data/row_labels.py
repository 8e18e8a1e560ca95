"""The label of each row of a data set's file: its name, or its kind of out of scope."""

from pathlib import Path
from typing import Any

import pandas as pd

from textclf.data.source_spec import Source
from textclf.errors import InputError
from textclf.oos.labels import is_out, out_label


def row_labels(table: pd.DataFrame, source: Source, path: Path) -> "pd.Series[str]":
    """Return the label of each row of `table`, which has the columns that `source` names.

    Empty for a source without a column of labels (out-of-scope rows without kinds). Raises `InputError` for a row
    without a label, a number outside `label_names`, and a name that is reserved.
    """
    if not source.label:
        return pd.Series("", index=table.index)
    labels, spec = column_text(table[source.label]), source.out_of_scope
    if spec is None or spec.files:
        return _names(labels, pd.Series(False, index=table.index), source, path)
    marked = (labels == spec.label) if spec.label else (column_text(table[str(spec.column)]) == spec.value)
    kinds = column_text(table[spec.kind]) if spec.kind else pd.Series("", index=table.index)
    return _names(labels, marked, source, path).mask(marked, kinds.map(out_label))


def column_text(column: "pd.Series[Any]") -> "pd.Series[str]":
    """Return the column's values as text without blanks around it; empty where there is no value."""
    return column.fillna("").astype(str).str.strip()


def first(mask: "pd.Series[bool]") -> int:
    """Return the number of the first row that `mask` marks, from 1."""
    return int(mask.to_numpy().argmax()) + 1


def _names(labels: "pd.Series[str]", skip: "pd.Series[bool]", source: Source, path: Path) -> "pd.Series[str]":
    """Return the labels' names; those of the rows to `skip` are not looked at."""
    if (empty := (labels == "") & ~skip).any():
        raise InputError(f"{path}: row {first(empty)} has no label")
    if (reserved := labels.map(is_out) & ~skip).any():
        raise InputError(
            f"{path}: row {first(reserved)} has the label {labels[reserved].iloc[0]!r}, a name that is reserved for "
            "out-of-scope rows; say in the source spec which those are (out_of_scope)"
        )
    if source.label_names is None:
        return labels
    names = {str(number): name for number, name in enumerate(source.label_names)}
    if (unknown := ~labels.isin(list(names)) & ~skip).any():
        allowed = f"0 to {len(names) - 1}, as `label_names` has {len(names)} names"
        raise InputError(f"{path}: row {first(unknown)} has label {labels[unknown].iloc[0]!r}; allowed: {allowed}")
    return labels.map(names)
