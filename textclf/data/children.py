"""Further training texts with their parents: read from a CSV file, and refused where they would leak."""

import hashlib
from pathlib import Path

import pandas as pd

from textclf.data.leaks import same_texts
from textclf.data.records import read_records
from textclf.errors import InputError
from textclf.preparation.cleaning import fix_unicode, strip_html

COLUMNS = ["parent", "text"]
APART = ("validation", "test")


def read_children(path: Path, rows: pd.DataFrame) -> pd.DataFrame:
    """Return id, text, label and parent of the texts in `path`, whose parents are training rows.

    `rows` has id, text, label and `used`: train, validation, test, the same after "out-of-scope ", or nothing.
    Children of rows that are not trained on, such as those beyond `split.train_limit`, are left out. Raises
    `InputError` with the line of a child whose parent is no row, or a validation or test row, and of a text that
    stands there, also if it differs in markup or encoding alone, which a preparation may take away; of an empty text;
    and for a file without rows.
    """
    table = _read(path)
    by_id = rows.set_index("id")
    tested = rows[rows["used"].str.endswith(APART)]
    known = dict(zip(_keys(tested["text"]), tested["used"], strict=True))
    keys = _keys(table["text"])
    for line, parent, key in zip(table["line"], table["parent"], keys, strict=True):
        where = f"{path}: line {line}"
        if parent not in by_id.index:
            raise InputError(f"{where}: no row has the id {parent!r}")
        if (used := str(by_id.loc[parent, "used"])).endswith(APART):
            raise InputError(f"{where}: its parent {parent!r} is a row of {used}; training may know nothing of it")
        if not key:
            raise InputError(f"{where}: its text is empty")
        if key in known:
            raise InputError(f"{where}: its text is that of a row of {known[key]}; training may know nothing of it")
    table = table[table["parent"].map(by_id["used"]) == "train"]
    ids = [_child_id(parent, text) for parent, text in zip(table["parent"], table["text"], strict=True)]
    return pd.DataFrame(
        {"id": ids, "text": table["text"], "label": table["parent"].map(by_id["label"]), "parent": table["parent"]}
    ).drop_duplicates("id")


def _read(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise InputError(f"params.yaml: augment.file: {path} does not exist")
    header, records = read_records(path)
    if sorted(header) != COLUMNS:
        raise InputError(f"{path}: its columns must be {' and '.join(COLUMNS)}, not {', '.join(header) or 'none'}")
    if not records:
        raise InputError(f"{path} has no rows")
    table = pd.DataFrame([record for _, record in records], columns=COLUMNS, dtype=str)
    return table.assign(line=[line for line, _ in records])


def _keys(texts: "pd.Series[str]") -> "pd.Series[str]":
    return same_texts(texts.map(strip_html).map(strip_html).map(fix_unicode))  # twice: markup may be encoded


def _child_id(parent: str, text: str) -> str:
    return hashlib.sha256(f"{parent}\n{text}".encode()).hexdigest()[:16]
