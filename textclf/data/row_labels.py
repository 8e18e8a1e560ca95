"""The label of each row of a data set's file: its name, or its kind of out of scope."""

import ast
import unicodedata
from collections.abc import Iterable
from typing import Any

import pandas as pd

from textclf.data.source_spec import ONE_LABEL, OutOfScopeRows, Source
from textclf.data.table import Table
from textclf.data.visible import visible
from textclf.errors import InputError
from textclf.oos.labels import OUT_OF_SCOPE, is_out, kind_of, out_label

LONGEST = 200  # characters of a label


def row_labels(table: Table, source: Source, optional: bool = False) -> "pd.Series[str]":
    """Return the label of each row of `table`, which has the columns that `source` names.

    Empty for a source without a column of labels (out-of-scope rows without kinds), and with `optional` for a row
    without one. Raises `InputError` for a row without a label, several labels, a share instead of a label, a number
    outside `label_names`, a name that is reserved, a control character, and two labels that look the same.
    """
    rows = table.frame
    if not source.label:
        return pd.Series("", index=rows.index)
    labels, spec = _label_text(table, source.label), source.out_of_scope
    if spec is None or spec.files:
        return _checked(table, _names(table, labels, (labels == "") & optional, source))
    marked = _has_label(labels, spec.label, source) if spec.label else column_text(rows[spec.column]) == _value(spec)
    kinds = column_text(rows[spec.kind]) if spec.kind else pd.Series("", index=rows.index)
    return _checked(table, _names(table, labels, marked, source).mask(marked, kinds.map(out_label)))


def column_text(column: "pd.Series[Any]") -> "pd.Series[str]":
    """Return the column's values as text without blanks around it; empty where there is no value.

    Whole numbers have no decimals. Booleans of JSON and Parquet are `true` and `false`; text such as `True`, as pandas
    writes it to CSV, stays as it is.
    """
    return pd.Series([_as_text(value) for value in column.tolist()], column.index, dtype=object)


def _as_text(value: Any) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value) if isinstance(value, float) and value.is_integer() else value).strip()


def _has_label(labels: "pd.Series[str]", label: str, source: Source) -> "pd.Series[bool]":
    """Return which of `labels` are `label`, as it stands in the file or, unless it is a number, in `label_names`."""
    names = {str(number): name for number, name in enumerate(source.label_names or ())}
    found = labels == label.strip()
    return found if label.strip() in names else found | (labels.map(names) == label.strip())


def _value(spec: OutOfScopeRows) -> str:
    return str(spec.value).strip()


def look_alikes(labels: Iterable[str]) -> tuple[str, str] | None:
    r"""Return two of `labels` that differ only in invisible characters or in Unicode's form, or None.

    >>> look_alikes(["track", "refund", "track\u200b"])
    ('track', 'track\u200b')
    """
    seen: dict[str, str] = {}
    for label in sorted(labels):
        if (first := seen.setdefault(visible(label), label)) != label:
            return first, label
    return None


def fault_of(label: str) -> str:
    r"""Return why a list of labels can't hold `label`, to be read after the place where it stands, or nothing.

    >>> fault_of("out_of_scope:chitchat"), fault_of("out_of_scope:\n")
    ('', ": label 'out_of_scope:\\n' has no visible character after its colon")
    """
    kind = kind_of(label) if is_out(label) and label != OUT_OF_SCOPE else None
    if not visible(label if kind is None else kind):
        return f": label {label!a} has no visible character" + " after its colon" * (kind is not None)
    if kind and kind != kind.strip():
        return f": label {label!a} has blanks around its kind"
    if len(label) > LONGEST:
        return f" has a label of {len(label):,} characters, over the limit of {LONGEST}; are text and label swapped?"
    if any(unicodedata.category(sign) in ("Cc", "Cs") for sign in label):
        return f": label {label!a} holds a control character"
    if "</" in label or "<!" in label:  # it would act in DVC's page of plots
        return f": label {label!r} looks like HTML; use another name"
    return ""


def _label_text(table: Table, column: str) -> "pd.Series[str]":
    """Return the labels as text: names, or whole numbers."""
    values = table.frame[column]
    known = values.map(lambda value: value is None or type(value) in (str, int, float))
    if not known.all():
        found = table.first(column, ~known)
        kind = (
            ONE_LABEL
            if isinstance(found, (list, dict))
            else f"a name or a whole number is needed, not {type(found).__name__}"
        )
        raise InputError(f"{table.place(~known)}: label {found!r:.60}; {kind}")
    text = column_text(values)
    if (listed := text.map(_is_list)).any():
        raise InputError(f"{table.place(listed)}: label {text[listed].iloc[0]!r:.60}; {ONE_LABEL}")
    numbers = pd.to_numeric(text[text != ""], errors="coerce")
    if len(numbers) and numbers.notna().all() and (numbers % 1 != 0).any():
        share = text.isin(text[numbers.index[numbers % 1 != 0]])
        raise InputError(f"{table.place(share)}: label {text[share].iloc[0]!r}; {ONE_LABEL}")
    return text


def _is_list(text: str) -> bool:
    if not text.startswith("["):
        return False
    try:
        return isinstance(ast.literal_eval(text), list)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return False


def _names(table: Table, labels: "pd.Series[str]", skip: "pd.Series[bool]", source: Source) -> "pd.Series[str]":
    """Return the labels' names; those of the rows to `skip` are not looked at."""
    if (empty := (labels == "") & ~skip).any():
        raise InputError(f"{table.place(empty)} has no label")
    if (reserved := labels.map(is_out) & ~skip).any():
        raise InputError(
            f"{table.place(reserved)} has the label {labels[reserved].iloc[0]!r}, a name that is reserved for "
            "out-of-scope rows; say in the source spec which those are (out_of_scope)"
        )
    if source.label_names is None:
        return labels
    names = {str(number): name for number, name in enumerate(source.label_names)}
    names |= {name: name for name in source.label_names if name not in names}  # as a ClassLabel's file has them
    if (unknown := ~labels.isin(list(names)) & ~skip).any():
        allowed = f"0 to {len(source.label_names) - 1}, as `label_names` has {len(source.label_names)} names"
        raise InputError(f"{table.place(unknown)} has label {labels[unknown].iloc[0]!r}; allowed: {allowed}")
    return labels.map(names)


def _checked(table: Table, labels: "pd.Series[str]") -> "pd.Series[str]":
    """Return `labels`, of which no two look the same and none holds what a list of labels can't."""
    for label in labels.unique():
        if label and (fault := fault_of(label)):
            raise InputError(f"{table.place(labels == label)}{fault}")
    if pair := look_alikes(labels.unique()):
        other = min(reversed(pair), key=lambda label: (labels == label).sum())
        raise InputError(
            f"{table.place(labels == other)}: the labels {pair[0]!a} and {pair[1]!a} look the same; use one name"
        )
    return labels
