"""A few rows of each label."""

import pandas as pd


def rows_per_label(rows: pd.DataFrame, number: int, seed: int) -> pd.DataFrame:
    """Return at most `number` rows of each `label`, drawn with `seed`, in their old order.

    A smaller number draws a part of the same rows.

    >>> rows_per_label(pd.DataFrame({"label": list("aaabb")}), 2, seed=0)["label"].tolist()
    ['a', 'a', 'b', 'b']
    """
    shuffled = rows.sample(frac=1, random_state=seed)
    return rows.loc[shuffled.groupby("label").head(number).index.sort_values()]
