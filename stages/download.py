"""Download: bring a data set's files into one table of rows with ids, and count what is odd about it.

The first stage, so the one that refuses bad parameters, an unknown data set, checkpoint or method before any work.
"""

import hashlib
import sys
from pathlib import Path

import pandas as pd

from stages.lib import stage
from stages.lib.checkpoints import read_checkpoint
from stages.lib.errors import InputError
from stages.lib.fetch import fetch
from stages.lib.formats import read_table
from stages.lib.outputs import new, write_json
from stages.lib.params import read_params
from stages.lib.sources import SPLITS, Source, read_source

SOURCES = Path("data/sources")
CORPORA = Path("data/corpora")  # where the files of embedded data sets lie, by their specs
CHECKPOINTS = Path("models/checkpoints")
RAW = Path("data/raw")
METRICS = Path("metrics/data.json")


def read_splits(source: Source, dataset: str) -> pd.DataFrame:
    """Return all rows with text, label, split and the source's own columns, split by split."""
    tables = []
    for name, file in source.files.items():
        table = read_table(fetch(file, dataset), source)
        if source.split is None:
            table["split"] = "train" if name == "all" else name
        tables.append(table)
    rows = pd.concat(tables, ignore_index=True)
    if (unknown := ~rows["split"].isin(SPLITS)).any():
        raise InputError(f"{dataset}: split {rows['split'][unknown].iloc[0]!r}; allowed: {', '.join(SPLITS)}")
    return rows


def with_ids(rows: pd.DataFrame) -> pd.DataFrame:
    """Return `rows` with a unique column `id` first: a hash of the text, and a number for each exact repeat.

    Test rows are counted first, so that their ids don't depend on what else the data set holds.

    >>> rows = pd.DataFrame({"text": ["hi", "hi", "bye"], "split": ["train", "test", "train"]})
    >>> with_ids(rows)["id"].tolist()
    ['8f434346648f6b96-1', '8f434346648f6b96', 'b49f425a7e1f9cff']
    """
    digests = [hashlib.sha256(text.encode()).hexdigest()[:16] for text in rows["text"]]
    order = rows["split"].map({"test": 0, "validation": 1, "train": 2}).argsort(kind="stable")
    digest = pd.Series(digests, index=rows.index)
    repeat = digest.iloc[order].groupby(digest.iloc[order]).cumcount().reindex(rows.index)
    ids = [d if n == 0 else f"{d}-{n}" for d, n in zip(digest, repeat, strict=True)]
    return pd.concat([pd.Series(ids, index=rows.index, name="id"), rows], axis=1)


def label_order(rows: pd.DataFrame, source: Source) -> list[str]:
    """Return the label names of the training rows, sorted or as the source orders them."""
    train = set(rows["label"][rows["split"] == "train"])
    for split in SPLITS[1:]:
        if unknown := sorted(set(rows["label"][rows["split"] == split]) - train):
            raise InputError(
                f"{split} rows have the label {unknown[0]!r}, which no train row has; add some or remove it"
            )
    if len(train) < 2:
        raise InputError(f"the train rows have one label only, {min(train)!r}; a classifier needs two or more")
    return [name for name in source.label_names or sorted(train) if name in train]


def describe(rows: pd.DataFrame, labels: list[str], empty_texts: int) -> dict[str, int]:
    """Count rows by split, labels, and what is suspicious; texts are compared exactly."""
    train, test = (rows[rows["split"] == name] for name in ("train", "test"))
    return {
        **{f"{name}_rows": int((rows["split"] == name).sum()) for name in SPLITS},
        "labels": len(labels),
        "empty_texts": empty_texts,
        "duplicate_rows": int(rows.duplicated(["split", "text", "label"]).sum()),
        "texts_with_two_labels": int((rows.groupby("text")["label"].nunique() > 1).sum()),
        "train_texts_in_test": int(train["text"].isin(set(test["text"])).sum()),
    }


def main() -> None:
    """Write data/raw and metrics/data.json."""
    params = read_params()
    source = read_source(params.dataset, SOURCES)
    read_checkpoint(params.model, CHECKPOINTS)
    rows = read_splits(source, params.dataset)
    empty = rows["text"].str.strip() == ""
    if empty.any():
        print(f"{params.dataset}: {int(empty.sum())} rows have no text and are left out", file=sys.stderr)
    rows = with_ids(rows[~empty].reset_index(drop=True))
    labels = label_order(rows, source)
    rows.to_parquet(new(RAW / "rows.parquet"), index=False)
    write_json(RAW / "labels.json", labels)
    write_json(METRICS, describe(rows, labels, int(empty.sum())))


if __name__ == "__main__":
    stage.run(main)
