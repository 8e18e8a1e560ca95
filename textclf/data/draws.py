"""Draws of rows and of texts, in a random order that a row more or less does not change."""

import math

import pandas as pd

from textclf.errors import InputError


def shuffled(rows: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return `rows` in the order of a hash of the seed and each row's `id`.

    So two rows come in the same order whichever others are there: of corrected data, all but the corrected rows are
    drawn as before.

    >>> shuffled(pd.DataFrame({"id": ["r1", "r2", "r3"]}), seed=42)["id"].tolist()
    ['r2', 'r1', 'r3']
    """
    key = f"{seed % 10**16:016d}"  # of SipHash: 16 bytes
    hashes = pd.util.hash_pandas_object(rows["id"], index=False, hash_key=key)
    return rows.loc[hashes.sort_values(kind="stable").index]


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


def draw_texts(
    rows: pd.DataFrame, fraction: float, key: str, seed: int, each_label: bool = True
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Divide `rows` like `draw_rows`, but by their different texts: the repeats of a text follow it.

    If each row were drawn by itself, of a frequent text one would come to test, and training could have none of it.
    """
    once = rows.sort_values("id").drop_duplicates(["key", "label"]).sort_index()
    _, drawn = draw_rows(once, fraction, key, seed, each_label, "different texts")
    chosen = rows["key"].isin(drawn["key"])
    return rows[~chosen], rows[chosen]


def draw_rows(
    rows: pd.DataFrame, fraction: float, key: str, seed: int, each_label: bool = True, what: str = "rows"
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rest of `rows` and a stratified share of them, the `fraction` that is split's parameter `key`.

    With `each_label`, raises `InputError`, in which the rows are called `what`, if a label would be on one side alone.
    """
    size = round(len(rows) * fraction)
    if each_label:
        _require_both_sides(rows["label"].value_counts(), size, f"split.{key}", fraction, what)
    share = stratified_sample(rows, size, seed)
    return rows.drop(share.index), share


def _require_both_sides(counts: "pd.Series[int]", size: int, key: str, fraction: float, what: str) -> None:
    """Raise `InputError` if `size` rows, of labels with these `counts`, can't have and leave a row of each label."""
    if counts.min() < 2:
        raise InputError(
            f"label {counts.idxmin()!r} has only one of the {what} to divide; {key} needs two or more of each label"
        )
    rows, labels = counts.sum(), len(counts)
    if not labels <= size <= rows - labels:
        drawn = f"{size} of {rows} {what} for {labels} label{'s' * (labels != 1)}"
        least = math.ceil(100 * labels / rows) / 100
        raise InputError(
            f"params.yaml: {key} = {fraction}: {drawn}; at least one a label is needed on both sides: "
            f"set it to {least:g} or more" + ("" if size < labels else f", and to {1 - least:g} at most")
        )
