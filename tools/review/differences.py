"""The differences between two configurations on the test rows that both have, over the seeds of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from statsmodels.stats.multitest import multipletests

from textclf.metrics.calibration import reliability
from tools.runs.tables import Seeds
from tools.stats.difference import Difference, SeedVariance, compare
from tools.stats.influence import F1_BY_LABEL, Score
from tools.stats.verdict import verdict

ALPHA = 0.05
COLUMNS = ["metric", "base", "head", "difference", "low", "high", "p", "verdict"]

Effects = Mapping[str, float]  # the smallest difference that matters, by score
Known = Mapping[str, SeedVariance]  # by score
OfBoth = tuple[Known, Known]  # of the base and the head
UNKNOWN: OfBoth = ({}, {})


@dataclass(frozen=True)
class Differences:
    """The comparison of two sides' predictions of the same rows.

    `accuracy` is the difference in accuracy with the parts of its variance. `scores` has a row a metric: base, head,
    difference, low, high, p, verdict; ece has no interval. `labels` has a row a label: base and head F1, difference,
    low, high, p (Holm-corrected over the labels), moved. `pairs` has actual, predicted, base, head, change: means over
    the seeds. `fixed` and `broken` count rows of the two runs themselves.
    """

    rows: int
    fixed: int
    broken: int
    accuracy: Difference
    scores: pd.DataFrame
    labels: pd.DataFrame
    pairs: pd.DataFrame


def compare_predictions(
    base: Seeds, head: Seeds, labels: list[str], bins: int, effects: Effects, known: OfBoth = UNKNOWN
) -> Differences:
    """Compare two sides, whose tables have the same ids in the same order and the same actual labels.

    `known` is the variance between seeds for a side that has one seed alone; a side that draws nothing has none.
    """
    before, after = base.scores(labels), head.scores(labels)
    names = [name for name in before[0] if name in after[0]]
    found = {name: compare_score(_of(before, name), _of(after, name), known, name) for name in names}
    flipped = flips(base.tables[0], head.tables[0]).value_counts()
    return Differences(
        rows=len(base.tables[0]),
        fixed=int(flipped.get("fixed", 0)),
        broken=int(flipped.get("broken", 0)),
        accuracy=found["accuracy"],
        scores=pd.DataFrame([*_rows(found, effects), _ece(base, head, bins)], columns=COLUMNS),
        labels=_labels(found[F1_BY_LABEL], labels, base.tables[0]),
        pairs=_pairs(base, head),
    )


def compare_score(base: Sequence[Score], head: Sequence[Score], known: OfBoth, name: str) -> Difference:
    """Return the difference of one score; a side of one seed has the variance between seeds that is `known`."""
    return compare(base, head, (known[0].get(name), known[1].get(name)))


def flips(base: pd.DataFrame, head: pd.DataFrame) -> "pd.Series[str]":
    """Return `fixed` or `broken` for each row that one run gets right and the other wrong, by the rows' index."""
    right, now_right = (table["actual"] == table["predicted"] for table in (base, head))
    return now_right.map({True: "fixed", False: "broken"})[right != now_right]


def _of(side: list[dict[str, Score]], name: str) -> list[Score]:
    return [scores[name] for scores in side]


def _rows(found: dict[str, Difference], effects: Effects) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for name, one in found.items():
        if name != F1_BY_LABEL:
            values = [float(value) for value in (one.base, one.head, one.difference, one.low, one.high, one.p)]
            rows.append((name, *values, verdict(name, values[2], values[3], values[4], effects.get(name))))
    return rows


def _ece(base: Seeds, head: Seeds, bins: int) -> tuple[object, ...]:
    """Return the row of the calibration error: its estimate is biased by as much as it varies, so without interval."""
    before, after = (
        float(np.mean([_calibration_error(table, bins) for table in side.tables])) for side in (base, head)
    )
    return ("ece", before, after, after - before, np.nan, np.nan, np.nan, "")


def _calibration_error(table: pd.DataFrame, bins: int) -> float:
    hit, confidence = (table["actual"] == table["predicted"]).to_numpy(), table["confidence"].to_numpy(float)
    found = reliability(hit, confidence, bins)
    return float(np.nansum(np.abs(found["accuracy"] - found["confidence"]) * found["rows"]) / len(table))


def _labels(found: Difference, labels: list[str], table: pd.DataFrame) -> pd.DataFrame:
    moved, p, _, _ = multipletests(found.p, ALPHA, method="holm")
    support = table["actual"].value_counts().reindex(labels, fill_value=0).to_numpy()
    columns = {"label": labels, "rows": support, "base": found.base, "head": found.head}
    columns |= {"difference": found.difference, "low": found.low, "high": found.high, "p": p, "moved": moved}
    whole = pd.DataFrame(columns)
    return whole.sort_values("difference", key=np.abs, ascending=False, kind="stable").reset_index(drop=True)


def _pairs(base: Seeds, head: Seeds) -> pd.DataFrame:
    """Return the pairs of labels that are confused more or less often than before, the largest change first."""
    both = pd.concat([_confusions(side) for side in (base, head)], axis=1, keys=["base", "head"]).fillna(0.0)
    both["change"] = both["head"] - both["base"]
    moved = both[both["change"] != 0].reset_index()
    order = moved["change"].abs().sort_values(ascending=False, kind="stable").index
    return moved.loc[order].reset_index(drop=True)


def _confusions(side: Seeds) -> "pd.Series[float]":
    every = pd.concat(side.tables)
    return every[every["actual"] != every["predicted"]].groupby(["actual", "predicted"]).size() / len(side.tables)
