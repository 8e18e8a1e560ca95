"""Split: choose the rows to train on, the rows that select the epoch, and the rows that are only reported on."""

import math
import sys
from pathlib import Path

import pandas as pd

from textclf import process
from textclf.data.draws import shuffled
from textclf.data.leaks import same_texts
from textclf.data.rows_per_label import rows_per_label
from textclf.errors import InputError
from textclf.oos.labels import is_out
from textclf.outputs import ensure_parent, write_json
from textclf.params import Split, read_params

RAW = Path("data/raw/rows.parquet")
OUT_OF_SCOPE = Path("data/raw/oos.parquet")
SPLITS = Path("data/splits")
METRICS = Path("metrics/split.json")

COLUMNS = ["id", "text", "label", "split"]

Parts = dict[str, pd.DataFrame]


def split_rows(rows: pd.DataFrame, out: pd.DataFrame, params: Split) -> tuple[Parts, Parts, int]:
    """Return train, validation and test rows of `rows`, those of `out`, and how many rows were dropped as leaks.

    Both have id, text, label and split; `out` are out-of-scope rows that no class is trained for. The source's own
    validation and test rows are taken where it has them; else a stratified share is drawn, from all rows for test, from
    the training rows for validation. Out-of-scope rows that are to be a class are drawn separately, so that the others
    stay where they are. The limits come last, so that a limited run is validated and tested on rows that the unlimited
    run has too; they don't hold for `out`. A source may have test rows alone, for method `zero_shot`.
    """
    rows, out = (table.assign(key=same_texts(table["text"])) for table in (rows, out))
    learned = rows["label"].map(is_out)
    tested = bool((out["split"] == "test").any())
    groups = [
        with_test(rows[~learned], params),
        with_test(rows[learned], params, draw=not tested),
        with_test(out, params),
    ]
    groups = without_leaks(groups, params)
    inside, classes, outside = groups
    parts = {name: pd.concat([part, classes[name]]).sort_index() for name, part in inside.items()}
    dropped = len(rows) + len(out) - sum(len(part) for group in groups for part in group.values())
    if params.rows_per_label:
        parts["train"] = rows_per_label(parts["train"], params.rows_per_label, params.seed)
    for name, limit in (("train", params.train_limit), ("test", params.test_limit)):
        parts[name] = _limited(parts[name], limit, f"{name}_limit", params.seed)
    _check_kept(parts, rows)
    return parts, outside, dropped


def with_test(rows: pd.DataFrame, params: Split, draw: bool = True) -> Parts:
    """Return the rows by split; a share of the training rows is drawn for test if there are no such rows."""
    parts = {name: rows[rows["split"] == name] for name in ("train", "validation", "test")}
    if parts["test"].empty and draw and len(rows):
        parts["train"], parts["test"] = _draw(parts["train"], params.test_fraction, "test_fraction", params.seed)
    return parts


def without_leaks(groups: list[Parts], params: Split) -> list[Parts]:
    """Return `groups` without rows whose text stands where it would leak, and with validation rows where they lack.

    Dropped are training and validation rows whose text is that of a test row, and then validation rows whose text is
    that of a training row, each of any of the groups (the column `key`, by `same_texts`).
    """
    tested = {key for parts in groups for key in parts["test"]["key"]}
    for parts in groups:
        for name in ("train", "validation"):
            parts[name] = parts[name][~parts[name]["key"].isin(tested)]
        if parts["validation"].empty and len(parts["train"]):
            fraction = params.validation_fraction
            parts["train"], parts["validation"] = _draw(parts["train"], fraction, "validation_fraction", params.seed)
    trained = {key for parts in groups for key in parts["train"]["key"]}
    for parts in groups:
        parts["validation"] = parts["validation"][~parts["validation"]["key"].isin(trained)]
    return groups


def stratified_sample(rows: pd.DataFrame, size: int, seed: int) -> pd.DataFrame:
    """Return `size` of the rows, of each label in proportion, seeded, in their old order.

    Each label's rows are shuffled and spread evenly over (0, 1); the first `size` of all are taken, where the first row
    of each label comes before all others, and its last one after them: so each label is on both sides, if it can be.
    Unlike scikit-learn's stratified splitters, this imposes no minimum size on the sample, the rest or a label, and a
    row more or less moves few others.

    >>> stratified_sample(pd.DataFrame({"id": list("123456"), "label": list("aaaabb")}), 3, seed=0)["label"].tolist()
    ['a', 'a', 'b']
    """
    by_label = shuffled(rows, seed).groupby("label")["label"]
    number, total = by_label.cumcount(), by_label.transform("size")
    turn = (number > 0).astype(int) + ((number > 0) & (number == total - 1))
    order = pd.DataFrame({"turn": turn, "place": (number + 0.5) / total}).sort_values(["turn", "place"], kind="stable")
    return rows.loc[order.index[:size].sort_values()]


def _draw(rows: pd.DataFrame, fraction: float, key: str, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Divide `rows` into the rest and a stratified share."""
    counts = rows["label"].value_counts()
    if counts.min() < 2:
        raise InputError(
            f"label {counts.idxmin()!r} has one row to divide; split.{key} needs two or more of each label"
        )
    size = round(len(rows) * fraction)
    if not len(counts) <= size <= len(rows) - len(counts):
        drawn = f"{size} of {len(rows)} rows for {len(counts)} labels"
        least = math.ceil(100 * len(counts) / len(rows)) / 100
        raise InputError(
            f"params.yaml: split.{key} = {fraction}: {drawn}; at least one row a label is needed on both sides: "
            f"set it to {least:g} or more" + ("" if size < len(counts) else f", and to {1 - least:g} at most")
        )
    share = stratified_sample(rows, size, seed)
    return rows.drop(share.index), share


def _limited(rows: pd.DataFrame, limit: int | None, key: str, seed: int) -> pd.DataFrame:
    labels = rows["label"].nunique()
    if limit is not None and limit < labels:
        raise InputError(f"params.yaml: split.{key} = {limit}: at least {labels}, a row for each label, are needed")
    return rows if limit is None else stratified_sample(rows, limit, seed)


def _check_kept(parts: Parts, rows: pd.DataFrame) -> None:
    if not (rows["split"] == "train").any():
        return
    if lost := sorted(set(rows["label"]) - set(parts["train"]["label"])):
        raise InputError(f"label {lost[0]!r} has no training row left: all its texts are also in test")
    if parts["validation"].empty:
        raise InputError("no validation row is left: all their texts are also in train or in test")


def main() -> None:
    """Write data/splits, ids and labels of each split and of the out-of-scope rows, and metrics/split.json."""
    params = read_params().split
    rows, out = (pd.read_parquet(path, columns=COLUMNS) for path in (RAW, OUT_OF_SCOPE))
    if len(out) and not (out["split"] == "test").any():
        print(f"the {len(out):,} out-of-scope rows name no split; their test rows are drawn", file=sys.stderr)
    parts, outside, dropped = split_rows(rows, out, params)
    for name, part in parts.items():
        part[["id", "label"]].to_csv(ensure_parent(SPLITS / f"{name}.csv"), index=False)
    apart = pd.concat([part.assign(split=name) for name, part in outside.items()]).sort_index()
    apart[["id", "label", "split"]].to_csv(SPLITS / "oos.csv", index=False)
    write_json(METRICS, {name: len(part) for name, part in parts.items()} | {"dropped_leaks": dropped})


if __name__ == "__main__":
    process.run(main)
