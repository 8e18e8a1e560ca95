"""Download: bring a data set's files into one table of rows with ids, and count its oddities."""

import hashlib
import sys
from pathlib import Path

import pandas as pd

from textclf import process
from textclf.data.corpus import read_corpus
from textclf.data.label_texts import label_texts
from textclf.data.leaks import same_texts
from textclf.data.source_spec import SPLITS, Source, read_source
from textclf.data.visible import visible
from textclf.errors import InputError
from textclf.oos.labels import in_scope, is_out
from textclf.outputs import ensure_parent, write_json
from textclf.params import read_params

SOURCES = Path("data/sources")
CORPORA = Path("data/corpora")  # where the files of embedded data sets lie, by their specs
CHECKED = Path("data/checked.txt")  # written once all parameters are valid
RAW = Path("data/raw")
METRICS = Path("metrics/data.json")


def row_ids(rows: pd.DataFrame) -> "pd.Series[str]":
    """Return a unique id for each row: a hash of the text, and a number for each exact repeat.

    Ids of out-of-scope rows begin with `oos-`, because the same text can be in scope too.
    Test rows are counted first, so that their ids don't depend on the other rows.

    >>> rows = pd.DataFrame({"text": ["hi", "hi", "bye"], "label": "a", "split": ["train", "test", "train"]})
    >>> row_ids(rows).tolist()
    ['8f434346648f6b96-1', '8f434346648f6b96', 'b49f425a7e1f9cff']
    """
    hashes = [hashlib.sha256(text.encode()).hexdigest()[:16] for text in rows["text"]]
    names = [f"oos-{name}" if is_out(label) else name for name, label in zip(hashes, rows["label"], strict=True)]
    order = rows["split"].map({"test": 0, "validation": 1, "train": 2}).argsort(kind="stable")
    digest = pd.Series(names, index=rows.index, dtype=object)
    repeat = digest.iloc[order].groupby(digest.iloc[order]).cumcount().reindex(rows.index)
    return pd.Series([d if n == 0 else f"{d}-{n}" for d, n in zip(digest, repeat, strict=True)], rows.index, name="id")


def with_ids(rows: pd.DataFrame, out: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return both tables with ids first, of which none stands in both."""
    ids = row_ids(pd.concat([rows, out], ignore_index=True)[["text", "label", "split"]]).tolist()
    names = pd.Series(ids[: len(rows)], name="id", dtype=object), pd.Series(ids[len(rows) :], name="id", dtype=object)
    return pd.concat([names[0], rows], axis=1), pd.concat([names[1], out], axis=1)


def label_order(rows: pd.DataFrame, source: Source) -> list[str]:
    """Return the label names of the training rows, sorted or as the source orders them, out-of-scope ones last.

    Without training rows, which method `zero_shot` doesn't need, the labels are those of the rows and the spec.
    """
    train = set(rows["label"][rows["split"] == "train"])
    if rows.empty:
        raise InputError("no row has a text")
    if not train:
        train = set(rows["label"]) | {*(source.label_names or ()), *(source.descriptions or ())}
    for split in SPLITS[1:]:
        if unknown := sorted(set(rows["label"][rows["split"] == split]) - train):
            raise InputError(
                f"{split} rows have the label {unknown[0]!r}, which no train row has; add some or remove it"
            )
    if len(train) < 2:
        raise InputError(f"the rows have one label only, {min(train)!r}; a classifier needs two or more")
    if unknown := sorted(set(source.descriptions or ()) - train):
        raise InputError(f"the spec's descriptions name {unknown[0]!r}, which is no label of the rows")
    names = [name for name in source.label_names or sorted(in_scope(train)) if name in train]
    return names + sorted(train - set(names))


def describe(rows: pd.DataFrame, labels: list[str], empty_texts: int) -> dict[str, int]:
    """Count rows by split, labels, and suspicious rows; texts are compared exactly but for `train_texts_in_test`."""
    train, test = (rows[rows["split"] == name] for name in ("train", "test"))
    return {
        **{f"{name}_rows": int((rows["split"] == name).sum()) for name in SPLITS},
        "labels": len(labels),
        "empty_texts": empty_texts,
        "duplicate_rows": int(rows.duplicated(["split", "text", "label"]).sum()),
        "conflicting_texts": int((rows.groupby("text")["label"].nunique() > 1).sum()),
        "train_texts_in_test": int(same_texts(train["text"]).isin(set(same_texts(test["text"]))).sum()),
    }


def with_text(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that have a text that a reader sees."""
    return rows[rows["text"].map(visible) != ""].reset_index(drop=True)


def main() -> None:
    """Write data/raw and metrics/data.json."""
    params = read_params()
    source = read_source(params.dataset, SOURCES)
    corpus = read_corpus(source, params.dataset, params.oos)
    rows, out = with_ids(with_text(corpus.rows), with_text(corpus.out_of_scope))
    empty = sum(map(len, corpus)) - len(rows) - len(out)
    if empty:
        print(f"{params.dataset}: {empty} rows have no text and are left out", file=sys.stderr)
    labels = label_order(rows, source)
    rows.to_parquet(ensure_parent(RAW / "rows.parquet"), index=False)
    out.to_parquet(ensure_parent(RAW / "oos.parquet"), index=False)
    write_json(RAW / "labels.json", labels)
    write_json(RAW / "label_texts.json", label_texts(in_scope(labels), source.descriptions or {}))
    out_of_scope = int(rows["label"].map(is_out).sum()) + len(out)
    write_json(METRICS, describe(rows, labels, empty) | {"out_of_scope_rows": out_of_scope})


if __name__ == "__main__":
    process.run(main)
