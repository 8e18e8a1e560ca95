"""Split: choose the rows to train on, the rows that select the epoch, and the rows that are only reported on."""

import sys
from pathlib import Path

import pandas as pd

from textclf import process
from textclf.data.draws import draw_rows, draw_texts, stratified_sample
from textclf.data.leaks import same_texts
from textclf.data.rows_per_label import rows_per_label
from textclf.errors import InputError
from textclf.oos.labels import is_out
from textclf.outputs import ensure_parent, write_json
from textclf.params import Oos, Split, read_params
from textclf.splits import SPLITS

RAW = Path("data/raw/rows.parquet")
OUT_OF_SCOPE = Path("data/raw/oos.parquet")
LISTED = Path("data/splits")
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
        by_split(rows[~learned], params),
        by_split(rows[learned], params, draw=not tested),
        by_split(out, params, each_label=False),
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


def by_split(rows: pd.DataFrame, params: Split, draw: bool = True, each_label: bool = True) -> Parts:
    """Return the rows by split; without test rows, texts of training rows are drawn for test and for validation.

    With `each_label`, training rows and the drawn ones have all labels, or `draw_texts` raises an error.
    """
    parts = {name: rows[rows["split"] == name] for name in SPLITS}
    if parts["test"].empty and draw and len(rows):
        for name in ("test", "validation"):
            if parts[name].empty:
                fraction = f"{name}_fraction"
                parts["train"], parts[name] = draw_texts(
                    parts["train"], getattr(params, fraction), fraction, params.seed, each_label
                )
    return parts


def without_leaks(groups: list[Parts], params: Split) -> list[Parts]:
    """Return `groups` without rows whose text stands where it would leak, and with validation rows where they lack.

    Dropped are training and validation rows whose text is that of a test row, and then validation rows whose text is
    that of a training row, each of any of the groups (the column `key`, by `same_texts`). No class is trained for the
    last group, so its labels need no row on both sides.
    """
    tested = {key for parts in groups for key in parts["test"]["key"]}
    for parts in groups:
        for name in ("train", "validation"):
            parts[name] = parts[name][~parts[name]["key"].isin(tested)]
        if parts["validation"].empty and len(parts["train"]):
            fraction = params.validation_fraction
            parts["train"], parts["validation"] = draw_rows(
                parts["train"], fraction, "validation_fraction", params.seed, each_label=parts is not groups[-1]
            )
    trained = {key for parts in groups for key in parts["train"]["key"]}
    for parts in groups:
        parts["validation"] = parts["validation"][~parts["validation"]["key"].isin(trained)]
    return groups


def _limited(rows: pd.DataFrame, limit: int | None, key: str, seed: int) -> pd.DataFrame:
    labels = rows["label"].nunique()
    if limit is not None and limit < labels:
        raise InputError(f"params.yaml: split.{key} = {limit}: at least {labels}, a row for each label, are needed")
    return rows if limit is None else stratified_sample(rows, limit, seed)


def _check_kept(parts: Parts, rows: pd.DataFrame) -> None:
    if parts["test"].empty:
        raise InputError("no row is for test; the source needs test rows, or training rows from which they are drawn")
    if not (rows["split"] == "train").any():
        return
    if lost := sorted(set(rows["label"]) - set(parts["train"]["label"])):
        where = "also in test" if (rows["split"] == "test").any() else "in validation or test"
        raise InputError(f"label {lost[0]!r} has no training row left: all its texts are {where}")
    if parts["validation"].empty:
        raise InputError("no validation row is left: all their texts are also in train or in test")


def _check_outside(oos: Oos, outside: Parts) -> None:
    """Raise `InputError` if a threshold is to be chosen on out-of-scope validation rows, and there are none."""
    if oos.method in ("threshold", "gate") and oos.target_of != "in_scope" and outside["validation"].empty:
        raise InputError(
            f"params.yaml: oos.target_of = {oos.target_of!r}: no out-of-scope row is for validation; use in_scope, or "
            "give more such rows"
        )


def main() -> None:
    """Write data/splits, ids and labels of each split and of the out-of-scope rows, and metrics/split.json."""
    params = read_params()
    rows, out = (pd.read_parquet(path, columns=COLUMNS) for path in (RAW, OUT_OF_SCOPE))
    parts, outside, dropped = split_rows(rows, out, params.split)
    _check_outside(params.oos, outside)
    if (train := int((out["split"] == "train").sum())) and not (out["split"] == "test").any():
        drawn = f"{len(outside['test']):,} of the {train:,} training rows among them are drawn"
        print(f"no out-of-scope row is for test; {drawn}", file=sys.stderr)
    for name, part in parts.items():
        part[["id", "label"]].to_csv(ensure_parent(LISTED / f"{name}.csv"), index=False)
    apart = pd.concat([part.assign(split=name) for name, part in outside.items()]).sort_index()
    apart[["id", "label", "split"]].to_csv(LISTED / "oos.csv", index=False)
    write_json(METRICS, {name: len(part) for name, part in parts.items()} | {"dropped_leaks": dropped})


if __name__ == "__main__":
    process.run(main)
