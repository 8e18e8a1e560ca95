"""The differences between two runs on the test rows that both have, with their uncertainty."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from statsmodels.stats.multitest import multipletests

from tools.stats import bootstrap
from tools.stats.bootstrap import F1_BY_LABEL, Floats, Side
from tools.stats.mcnemar import detectable_difference, mcnemar
from tools.stats.verdict import verdict

ALPHA = 0.05


@dataclass(frozen=True)
class Flips:
    """Counts of the test rows that one run gets right and the other wrong, and what they mean for accuracy."""

    rows: int
    fixed: int
    broken: int
    p: float
    detectable: float


@dataclass(frozen=True)
class Differences:
    """The comparison of two runs' predictions of the same rows.

    `scores` has a row a metric: base, head, difference, low, high, verdict. `labels` has a row a label: base and head
    F1, difference, low, high, p (Holm-corrected over the labels), moved. `pairs` has actual, predicted, base, head,
    change.
    """

    flips: Flips
    scores: pd.DataFrame
    labels: pd.DataFrame
    pairs: pd.DataFrame


def compare_predictions(base: pd.DataFrame, head: pd.DataFrame, labels: list[str], bins: int) -> Differences:
    """Compare two tables of predictions with the same ids, in the same order, and the same actual labels."""
    sides = bootstrap.to_side(base, labels), bootstrap.to_side(head, labels)
    varied = bootstrap.resampled(*sides, len(labels), bins)
    points = [_point(side, len(labels), bins) for side in sides]
    support = np.bincount(sides[0].actual, minlength=len(labels))
    before, after = (point[F1_BY_LABEL] for point in points)
    by_label = _labels(before, after, varied[F1_BY_LABEL], labels, support)
    return Differences(count_flips(base, head), _scores(points[0], points[1], varied), by_label, _pairs(base, head))


def flips(base: pd.DataFrame, head: pd.DataFrame) -> "pd.Series[str]":
    """Return `fixed` or `broken` for each row that one run gets right and the other wrong, by the rows' index."""
    right, now_right = (table["actual"] == table["predicted"] for table in (base, head))
    return now_right.map({True: "fixed", False: "broken"})[right != now_right]


def count_flips(base: pd.DataFrame, head: pd.DataFrame) -> Flips:
    """Count rows fixed and broken; p is McNemar's, `detectable` the smallest difference found with 80% power."""
    counts, rows = flips(base, head).value_counts(), len(base)
    fixed, broken = int(counts.get("fixed", 0)), int(counts.get("broken", 0))
    return Flips(rows, fixed, broken, mcnemar(fixed, broken), detectable_difference(rows, (fixed + broken) / rows))


def _point(side: Side, labels: int, bins: int) -> bootstrap.Scores:
    every = np.arange(len(side.actual))[None, :]
    return {name: values[0] for name, values in bootstrap.scorer(side, labels, bins)(every).items()}


def _scores(before: bootstrap.Scores, after: bootstrap.Scores, varied: bootstrap.Scores) -> pd.DataFrame:
    table = []
    for metric in [name for name in before if name != F1_BY_LABEL]:
        low, high = (float(end) for end in bootstrap.interval(varied[metric]))
        values = (float(before[metric]), float(after[metric]), float(after[metric] - before[metric]))
        table.append((metric, *values, low, high, verdict(metric, low, high)))
    return pd.DataFrame(table, columns=["metric", "base", "head", "difference", "low", "high", "verdict"])


def _labels(
    before: Floats, after: Floats, varied: Floats, labels: list[str], support: NDArray[np.intp]
) -> pd.DataFrame:
    low, high = bootstrap.interval(varied)
    moved, p, _, _ = multipletests(bootstrap.p_value(varied), ALPHA, method="holm")
    columns = {"label": labels, "rows": support, "base": before, "head": after, "difference": after - before}
    table = pd.DataFrame(columns | {"low": low, "high": high, "p": p, "moved": moved})
    return table.sort_values("difference", key=np.abs, ascending=False, kind="stable").reset_index(drop=True)


def _pairs(base: pd.DataFrame, head: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs of labels that are confused more or less often than before, the largest change first."""
    counts = [
        table[table["actual"] != table["predicted"]].groupby(["actual", "predicted"]).size() for table in (base, head)
    ]
    both = pd.concat(counts, axis=1, keys=["base", "head"]).fillna(0).astype(int)
    both["change"] = both["head"] - both["base"]
    moved = both[both["change"] != 0].reset_index()
    order = moved["change"].abs().sort_values(ascending=False, kind="stable").index
    return moved.loc[order].reset_index(drop=True)
