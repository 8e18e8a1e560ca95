"""All rows of a data set, in scope and out of scope of its labels."""

from typing import NamedTuple

import pandas as pd

from textclf.data.corrections import Line, apply_corrections, read_corrections
from textclf.data.fetch import fetch
from textclf.data.row_labels import column_text, look_alikes
from textclf.data.source_rows import of_one_type, read_source_rows
from textclf.data.source_spec import OutOfScopeRows, Source
from textclf.errors import InputError
from textclf.oos.labels import is_out, out_label
from textclf.params import Oos
from textclf.rows import OWN

COLUMNS = ["text", "label", "split", "known", "judged"]  # of rows out of scope; the last two are those of corrections


class Corpus(NamedTuple):
    """Rows with text, label, split and the source's own columns; those out of scope have no columns of their own.

    Where a data set has corrections, both tables also have the columns of `apply_corrections`.
    """

    rows: pd.DataFrame
    out_of_scope: pd.DataFrame
    corrections: tuple[Line, ...] = ()


def read_corpus(source: Source, dataset: str, oos: Oos) -> Corpus:
    """Return all rows, split by split; out-of-scope rows only if `oos.method` asks for them.

    Method `class` trains on out-of-scope rows like on any others, so all except test rows are among the in-scope
    rows. The rows of `oos.held_out` labels are unseen intents: those of test are out of scope, the others left out.
    """
    rows = read_splits(source, dataset)
    marked = rows["label"].map(is_out)
    if (spec := source.out_of_scope) and not spec.files and not marked.any():
        raise InputError(
            f"data/sources/{dataset}.yaml: out_of_scope: no row is marked by {_missed(spec, source, rows)}"
        )
    out: list[pd.DataFrame] = [rows[marked]]
    lines: tuple[Line, ...] = ()
    if oos.method != "none" or source.corrections:
        out += _apart(source, dataset)
    if source.corrections:
        lines = tuple(read_corrections(source.corrections))
        rows = apply_corrections(pd.concat([rows[~marked], *out], ignore_index=True), list(lines))
        marked = rows["label"].map(is_out)
        out = [rows[marked]]
    rows = rows[~marked]
    if oos.method == "none":
        return Corpus(rows.reset_index(drop=True), _slim(out).iloc[:0], lines)
    held = rows["label"].isin(_known(oos.held_out, rows, dataset))
    test = (rows["split"] == "test") if (rows["split"] == "test").any() else True  # a source without test rows
    unseen = rows[held & test]
    out.append(unseen.assign(label=unseen["label"].map(out_label), split="test"))
    return _learned(Corpus(rows[~held].reset_index(drop=True), _slim(out), lines), oos.method, dataset)


def _missed(spec: OutOfScopeRows, source: Source, rows: pd.DataFrame) -> str:
    """Return the mark that no row has, and the first values that the column has instead."""
    mark = f"label: {spec.label}" if spec.label else f"column: {spec.column}, value: {spec.value}"
    names = {source.text: "text", source.label: "label", source.split: "split"}
    column = spec.column or source.label
    found = sorted(set(column_text(rows[names.get(column, f"{OWN}{column}")])))
    return f"{mark}; the column has {', '.join(f'{value!r:.60}' for value in found[:5])}" + ", …" * (len(found) > 5)


def _apart(source: Source, dataset: str) -> list[pd.DataFrame]:
    """Return the out-of-scope rows of files of their own, if there are such files."""
    if (apart := source.out_of_scope_source) is None:
        return []
    others = read_splits(apart, dataset, optional=True)
    return [others.assign(label=others["label"].map(out_label))[COLUMNS[:3]]]


def read_splits(source: Source, dataset: str, optional: bool = False) -> pd.DataFrame:
    """Return the rows of the source's files, split by split; with `optional`, a row may have no label."""
    tables = []
    for name, file in source.files.items():
        table = read_source_rows(fetch(file, dataset), source, optional)
        if source.split is None:
            table["split"] = "train" if name == "all" else name
        tables.append(table)
    rows = pd.concat(tables, ignore_index=True)
    if len(tables) > 1:  # a column may have another type in each file
        own = {column: of_one_type(rows[column]) for column in rows if column.startswith(OWN)}
        rows = rows.assign(**own)
    if pair := look_alikes(rows["label"].unique()):
        raise InputError(f"{dataset}: the labels {pair[0]!a} and {pair[1]!a} look the same; use one name")
    return rows


def _learned(corpus: Corpus, method: str, dataset: str) -> Corpus:
    test, train = (corpus.out_of_scope["split"] == name for name in ("test", "train"))
    if (method == "class" and test.all()) or (method == "gate" and not train.any()):
        raise InputError(
            f"params.yaml: oos.method = {method!r}: {dataset} has no out-of-scope rows to train on; name some under "
            f"out_of_scope in data/sources/{dataset}.yaml, or use threshold, which needs none"
        )
    if method != "class":
        return corpus
    rows = pd.concat([corpus.rows, corpus.out_of_scope[~test]], ignore_index=True)
    return corpus._replace(rows=rows, out_of_scope=corpus.out_of_scope[test].reset_index(drop=True))


def _slim(tables: list[pd.DataFrame]) -> pd.DataFrame:
    whole = pd.concat(tables, ignore_index=True)
    return whole[[column for column in COLUMNS if column in whole]]


def _known(held_out: list[str], rows: pd.DataFrame, dataset: str) -> list[str]:
    if unknown := sorted(set(held_out) - set(rows["label"])):
        raise InputError(f"params.yaml: oos.held_out: {dataset} has no label {unknown[0]!r}")
    return held_out
