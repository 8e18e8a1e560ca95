"""A few rows of each label."""

import pandas as pd

from textclf.data.draws import shuffled


def rows_per_label(rows: pd.DataFrame, number: int, seed: int) -> pd.DataFrame:
    """Return at most `number` rows of each `label`, drawn with `seed` by their `id`, in their old order.

    A smaller number draws a part of the same rows.

    >>> rows_per_label(pd.DataFrame({"id": list("12345"), "label": list("aaabb")}), 2, seed=0)["label"].tolist()
    ['a', 'a', 'b', 'b']
    """
    return rows.loc[shuffled(rows, seed).groupby("label").head(number).index.sort_values()]
