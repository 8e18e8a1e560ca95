"""Slices of the test rows: by the source's own columns, length, similarity to a training row, truncation."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from textclf.metrics.near_duplicates import near_duplicates
from textclf.rows import OWN

MAX_VALUES = 20  # a column with more values identifies rows instead of grouping them
MIN_ROWS = 20
LENGTHS = ["under 5 tokens", "5 to 8", "9 to 16", "17 to 32", "33 to 64", "over 64"]
NEAR_DUPLICATE = "near-duplicate of a training row"
OURS = ("length", NEAR_DUPLICATE, "truncated")
STANDARD = ("text", "label", "split", "used", "tokens", "truncated")


def slices(rows: pd.DataFrame, ids: pd.Index) -> pd.DataFrame:
    """Return a column of slice names for each way to divide the test rows `ids`; `rows` are all rows of the source.

    A column of the source's own has its name there, or `source.<name>` if that is one of ours.
    """
    test = rows.loc[ids].rename_axis(index=None)  # a column of the source's own may be named id, too
    own = [name for name in rows.columns if name not in STANDARD and test[name].nunique() <= MAX_VALUES]
    train = rows.loc[rows["used"] == "train", "text"]
    near = near_duplicates(test["text"].tolist(), train.tolist())
    names = {name: name.removeprefix(OWN) for name in own}
    table = test[own].astype(str).rename(columns={name: short for name, short in names.items() if short not in OURS})
    table["length"] = pd.cut(test["tokens"], [0, 4, 8, 16, 32, 64, np.inf], labels=LENGTHS)
    table[NEAR_DUPLICATE] = np.where(near, "yes", "no")
    table["truncated"] = np.where(test["truncated"], "yes", "no")
    return table


def each_slice(parts: pd.DataFrame) -> Iterator[tuple[str, str, pd.Index]]:
    """Yield column, value and row ids of every slice with `MIN_ROWS` rows or more that is not the whole."""
    for column in parts:
        for value, ids in parts.groupby(column, observed=True).groups.items():
            if MIN_ROWS <= len(ids) < len(parts):
                yield str(column), str(value), ids
