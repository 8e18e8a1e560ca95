"""The differences of two configurations' accuracy in parts of the test rows."""

import pandas as pd

from textclf.metrics.slices import each_slice
from tools.review.differences import OfBoth
from tools.runs.tables import Seeds
from tools.stats.difference import compare
from tools.stats.influence import Score, mean_score
from tools.stats.verdict import verdict


def slice_differences(
    base: Seeds, head: Seeds, parts: pd.DataFrame, min_effect: float | None, known: OfBoth
) -> pd.DataFrame:
    """Return accuracy of both sides, difference, 95% interval and verdict of every slice with `MIN_ROWS` or more.

    `known` is the variance between seeds of a side with one seed; a slice is taken to vary as the whole does.
    """
    rows = []
    for column, value, ids in each_slice(parts):
        before, after = ([_accuracy(table.loc[ids]) for table in side.tables] for side in (base, head))
        found = compare(before, after, (known[0].get("accuracy"), known[1].get("accuracy")))
        numbers = [float(n) for n in (found.base, found.head, found.difference, found.low, found.high)]
        rows.append(
            (column, value, len(ids), *numbers, verdict("accuracy", numbers[2], numbers[3], numbers[4], min_effect))
        )
    columns = ["by", "slice", "rows", "base", "head", "difference", "low", "high", "verdict"]
    return pd.DataFrame(rows, columns=columns)


def _accuracy(table: pd.DataFrame) -> Score:
    return mean_score((table["actual"] == table["predicted"]).to_numpy(float))
