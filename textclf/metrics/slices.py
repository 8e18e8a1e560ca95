"""Slices of the test rows: by the source's own columns, length, similarity to a training row, truncation."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer

from textclf.rows import OWN

NEAR = 0.9  # cosine similarity of character n-grams at or above which two texts are near-duplicates
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
    test = rows.loc[ids]
    own = [name for name in rows.columns if name not in STANDARD and test[name].nunique() <= MAX_VALUES]
    train = rows.loc[rows["used"] == "train", "text"]
    near = near_duplicates(test["text"].tolist(), train.tolist())
    names = {name: name.removeprefix(OWN) for name in own}
    table = test[own].astype(str).rename(columns={name: short for name, short in names.items() if short not in OURS})
    table["length"] = pd.cut(test["tokens"], [0, 4, 8, 16, 32, 64, np.inf], labels=LENGTHS)
    table[NEAR_DUPLICATE] = np.where(near, "yes", "no")
    table["truncated"] = np.where(test["truncated"], "yes", "no")
    return table


def near_duplicates(texts: list[str], others: list[str]) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """Return which of `texts` are like one of `others`: cosine of TF-IDF of 3 to 5 characters of at least `NEAR`.

    >>> near_duplicates(["where is my parcel?", "good morning"], ["Where is my parcel", "bye"]).tolist()
    [True, False]
    """
    if not others:
        return np.zeros(len(texts), dtype=bool)
    grams = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), lowercase=True)
    known = grams.fit_transform(others).T.tocsr()
    asked = grams.transform(texts)
    blocks = [(asked[start : start + 500] @ known).max(axis=1).toarray() for start in range(0, len(texts), 500)]
    return np.concatenate(blocks).ravel() >= NEAR


def each_slice(parts: pd.DataFrame) -> Iterator[tuple[str, str, pd.Index]]:
    """Yield column, value and row ids of every slice with `MIN_ROWS` rows or more that is not the whole."""
    for column in parts:
        for value, ids in parts.groupby(column, observed=True).groups.items():
            if MIN_ROWS <= len(ids) < len(parts):
                yield str(column), str(value), ids
