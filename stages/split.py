"""Split: choose the rows to train on, the rows that select the epoch, and the rows that are only reported on."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from textclf import process
from textclf.errors import InputError
from textclf.oos.labels import is_out
from textclf.outputs import ensure_parent, write_json
from textclf.params import Split, read_params

RAW = Path("data/raw/rows.parquet")
OUT_OF_SCOPE = Path("data/raw/oos.parquet")
SPLITS = Path("data/splits")
METRICS = Path("metrics/split.json")

Texts = Iterable[str]


def split_rows(rows: pd.DataFrame, params: Split, tested: Texts = ()) -> tuple[dict[str, pd.DataFrame], int]:
    """Return train, validation and test rows, and how many rows were dropped because their text is also in test.

    `rows` has id, text, label and split. The source's own validation and test rows are taken where it has them; else a
    stratified share is drawn, from all rows for test, from the training rows for validation. The limits come last, so
    that a limited run is validated and tested on rows that the unlimited run has too. `tested` are further texts of
    test rows. Out-of-scope rows that are to be a class are drawn separately, so that the others stay where they are.
    """
    out, tested = rows["label"].map(is_out), list(tested)
    parts, others = _parts(rows[~out], params, tested), _parts(rows[out], params, tested, draw_test=not tested)
    parts = {name: pd.concat([part, others[name]]).sort_index() for name, part in parts.items()}
    dropped = len(rows) - sum(map(len, parts.values()))
    for name, limit in (("train", params.train_limit), ("test", params.test_limit)):
        parts[name] = _limited(parts[name], limit, f"{name}_limit", params.seed)
    _check_labels_kept(parts["train"], rows)
    return parts, dropped


def split_out_of_scope(rows: pd.DataFrame, params: Split, tested: Texts = ()) -> pd.DataFrame:
    """Return the out-of-scope rows, if there are any, with their split, drawn as that of other rows is; no limits."""
    parts = _parts(rows, params, tested)
    return pd.concat([part.assign(split=name) for name, part in parts.items()]).sort_index()


def stratified_sample(rows: pd.DataFrame, size: int, seed: int) -> pd.DataFrame:
    """Return `size` of the rows, of each label in proportion, seeded, in their old order.

    Each label's rows are shuffled and spread evenly over (0, 1); the first `size` of all are taken. Unlike
    scikit-learn's stratified splitters, this imposes no minimum size on the sample, the rest or a label.

    >>> stratified_sample(pd.DataFrame({"label": list("aaaabb")}), 3, seed=0)["label"].tolist()
    ['a', 'a', 'b']
    """
    shuffled = rows.sample(frac=1, random_state=seed)
    by_label = shuffled.groupby("label")["label"]
    place = (by_label.cumcount() + 0.5) / by_label.transform("size")
    return rows.loc[place.sort_values(kind="stable").index[:size].sort_values()]


def _parts(rows: pd.DataFrame, params: Split, tested: Texts, draw_test: bool = True) -> dict[str, pd.DataFrame]:
    parts = {name: rows[rows["split"] == name] for name in ("train", "validation", "test")}
    if parts["test"].empty and draw_test and len(rows):
        parts["train"], parts["test"] = _draw(parts["train"], params.test_fraction, "test_fraction", params.seed)
    known = {*parts["test"]["text"], *tested}
    for name in ("train", "validation"):
        parts[name] = parts[name][~parts[name]["text"].isin(known)]
    if parts["validation"].empty and len(parts["train"]):
        fraction = params.validation_fraction
        parts["train"], parts["validation"] = _draw(parts["train"], fraction, "validation_fraction", params.seed)
    return parts


def _draw(rows: pd.DataFrame, fraction: float, key: str, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Divide `rows` into the rest and a stratified share."""
    counts = rows["label"].value_counts()
    if counts.min() < 2:
        raise InputError(f"label {counts.idxmin()!r} has one training row; split.{key} needs two or more of each label")
    size = round(len(rows) * fraction)
    if not len(counts) <= size <= len(rows) - len(counts):
        drawn = f"{size} of {len(rows)} rows for {len(counts)} labels"
        raise InputError(
            f"params.yaml: split.{key} = {fraction}: {drawn}; at least one row a label is needed on both sides"
        )
    share = stratified_sample(rows, size, seed)
    return rows.drop(share.index), share


def _limited(rows: pd.DataFrame, limit: int | None, key: str, seed: int) -> pd.DataFrame:
    labels = rows["label"].nunique()
    if limit is not None and limit < labels:
        raise InputError(f"params.yaml: split.{key} = {limit}: at least {labels}, a row for each label, are needed")
    return rows if limit is None else stratified_sample(rows, limit, seed)


def _check_labels_kept(train: pd.DataFrame, rows: pd.DataFrame) -> None:
    if lost := sorted(set(rows["label"]) - set(train["label"])):
        cause = "all its texts are also in test, or split.train_limit is too small"
        raise InputError(f"label {lost[0]!r} has no training row left: {cause}")


def main() -> None:
    """Write data/splits, ids and labels of each split and of the out-of-scope rows, and metrics/split.json."""
    params = read_params().split
    rows, out = pd.read_parquet(RAW), pd.read_parquet(OUT_OF_SCOPE)
    parts, dropped = split_rows(rows, params, out["text"][out["split"] == "test"])
    for name, part in parts.items():
        part[["id", "label"]].to_csv(ensure_parent(SPLITS / f"{name}.csv"), index=False)
    out = split_out_of_scope(out, params, parts["test"]["text"])
    out[["id", "label", "split"]].to_csv(SPLITS / "oos.csv", index=False)
    write_json(METRICS, {name: len(part) for name, part in parts.items()} | {"dropped_leaks": dropped})


if __name__ == "__main__":
    process.run(main)
