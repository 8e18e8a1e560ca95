"""Download: bring a data set's files into one table of rows with ids, and count its oddities."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from textclf import process
from textclf.data.corpus import read_corpus
from textclf.data.corrections import counts
from textclf.data.ids import row_ids
from textclf.data.label_texts import check_described, label_texts
from textclf.data.leaks import same_texts
from textclf.data.source_spec import Source, read_source
from textclf.data.visible import visible
from textclf.errors import InputError
from textclf.oos.labels import in_scope, is_out
from textclf.outputs import ensure_parent, write_json
from textclf.params import read_params
from textclf.splits import SPLITS

SOURCES = Path("data/sources")
CORPORA = Path("data/corpora")  # where the files of embedded data sets lie, by their specs
CHECKED = Path("data/checked.txt")  # written once all parameters are valid
RAW = Path("data/raw")
JUDGED = Path("data/judged.csv")
REPLIES = Path("data/replies.json")
METRICS = Path("metrics/data.json")
CORRECTIONS = Path("data/corrections")  # where people's decisions about single rows lie, by the specs
COUNTED = Path("metrics/corrections.json")

FLEETING = ["known", "judged"]  # columns that corrections need on their way


def with_ids(rows: pd.DataFrame, out: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return both tables with ids first, of which none stands in both."""
    ids = row_ids(pd.concat([rows, out], ignore_index=True)).tolist()
    names = pd.Series(ids[: len(rows)], name="id", dtype=object), pd.Series(ids[len(rows) :], name="id", dtype=object)
    return pd.concat([names[0], rows], axis=1), pd.concat([names[1], out], axis=1)


def label_order(rows: pd.DataFrame, source: Source, held_out: Sequence[str] = ()) -> list[str]:
    """Return the label names of the training rows, sorted or as the source orders them, out-of-scope ones last.

    Without training rows, which method `zero_shot` doesn't need, the labels are those of the rows and the spec. The
    labels `held_out` are none; their rows are not among `rows`.
    """
    train = set(rows["label"][rows["split"] == "train"])
    if rows.empty:
        raise InputError(f"oos.held_out = {list(held_out)} leaves no row" if held_out else "no row has a text")
    known = train or {*rows["label"], *(source.label_names or ())} - set(held_out)
    described = set(source.descriptions or ()) - set(held_out)
    for split in SPLITS[1:]:
        if unknown := sorted(set(rows["label"][rows["split"] == split]) - known):
            raise InputError(
                f"{split} rows have the label {unknown[0]!r}, which no train row has; add train rows with it, "
                "or remove it"
            )
    check_described(described, known, may_add=not train)
    known |= described
    intents = sorted(in_scope(known))
    if len(intents) < 2:
        rest = "oos.held_out leaves" if held_out else "the rows have"
        found = f"one label only, {intents[0]!r}" if intents else "no label that is in scope"
        raise InputError(f"{rest} {found}; a classifier needs two or more")
    names = [name for name in source.label_names or sorted(in_scope(known)) if name in known]
    return names + sorted(known - set(names))


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


def judged(rows: pd.DataFrame, out: pd.DataFrame) -> pd.DataFrame:
    """Return id and action of the rows that a person has judged: of those that corrections name, and that are left."""
    tables = [table.loc[table["judged"] != "", ["id", "judged"]] for table in (rows, out) if "judged" in table]
    return pd.concat(tables or [pd.DataFrame(columns=["id", "judged"])], ignore_index=True)


def main() -> None:
    """Write data/raw, data/judged.csv, data/replies.json, metrics/data.json and metrics/corrections.json."""
    params = read_params()
    source = read_source(params.dataset, SOURCES)
    corpus = read_corpus(source, params.dataset, params.oos)
    rows, out = with_ids(with_text(corpus.rows), with_text(corpus.out_of_scope))
    empty = len(corpus.rows) + len(corpus.out_of_scope) - len(rows) - len(out)
    if empty:
        print(f"{params.dataset}: {empty} rows have no text and are left out", file=sys.stderr)
    labels = label_order(rows, source, params.oos.held_out)
    judged(rows, out).to_csv(JUDGED, index=False)
    rows.drop(columns=FLEETING, errors="ignore").to_parquet(ensure_parent(RAW / "rows.parquet"), index=False)
    out.drop(columns=FLEETING, errors="ignore").to_parquet(RAW / "oos.parquet", index=False)
    write_json(RAW / "labels.json", labels)
    write_json(REPLIES, source.replies)
    write_json(RAW / "label_texts.json", label_texts(in_scope(labels), source.descriptions or {}))
    out_of_scope = int(rows["label"].map(is_out).sum()) + len(out)
    more = {"out_of_scope_rows": out_of_scope, "corrections": len(corpus.corrections)}
    write_json(METRICS, describe(rows, labels, empty) | more)
    write_json(COUNTED, counts(list(corpus.corrections)))


if __name__ == "__main__":
    process.run(main)
