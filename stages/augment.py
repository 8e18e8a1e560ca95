"""Augment: the raw texts that training changes, and further texts of training rows; an empty table without both."""

from pathlib import Path

import pandas as pd

from textclf import process
from textclf.changes.apply import CHANGES
from textclf.data.children import read_children
from textclf.errors import InputError
from textclf.outputs import ensure_parent
from textclf.params import Augment, read_params
from textclf.rows import read_listed
from textclf.splits import SPLITS

RAW = Path("data/raw/rows.parquet")
OUT_OF_SCOPE = Path("data/raw/oos.parquet")
LISTED = Path("data/splits")
FILES = Path("data/augment")
AUGMENTED = Path("data/augmented.parquet")


def read_used() -> pd.DataFrame:
    """Return id, text, label and `used` of all rows: train, validation, test, the same out of scope, or nothing."""
    rows = pd.concat([pd.read_parquet(path, columns=["id", "text", "label"]) for path in (RAW, OUT_OF_SCOPE)])
    listed = {name: read_listed(LISTED / f"{name}.csv")["id"] for name in SPLITS}
    used = {row: name for name, ids in listed.items() for row in ids}
    apart = read_listed(LISTED / "oos.csv")
    used |= dict(zip(apart["id"], "out-of-scope " + apart["split"], strict=True))
    return rows.assign(used=rows["id"].map(used).fillna(""))


def check_labels(augment: Augment, rows: pd.DataFrame) -> None:
    """Raise `InputError` for a label of `augment.more` that no training row has."""
    known = set(rows.loc[rows["used"] == "train", "label"])
    if unknown := sorted(set(augment.more) - known):
        raise InputError(f"params.yaml: augment.more: {unknown[0]!r} is no label of a training row")


def main() -> None:
    """Write data/augmented.parquet: id, text, label and parent, which is empty for the training rows themselves."""
    augment = read_params().augment
    table = pd.DataFrame({name: [] for name in ("id", "text", "label", "parent")}, dtype=str)
    if augment.file or augment.copies or any(getattr(augment, name) for name in CHANGES):
        rows = read_used()
        check_labels(augment, rows)
        table = rows.loc[rows["used"] == "train", ["id", "text", "label"]].assign(parent="")
        if augment.file:
            table = pd.concat([table, read_children(FILES / f"{augment.file}.csv", rows)])
    table.to_parquet(ensure_parent(AUGMENTED), index=False)


if __name__ == "__main__":
    process.run(main)
