"""Out-of-scope decisions of two runs: rows that moved in or out of scope, and the differences of the scores."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from textclf.oos import metrics
from textclf.oos.labels import is_out
from tools.runs.run import Run
from tools.stats.bootstrap import Floats, mean_interval
from tools.stats.verdict import verdict

COLUMNS = ["metric", "base", "head", "difference", "low", "high", "verdict"]


def moved_rows(base: Run, head: Run) -> pd.DataFrame:
    """Return the test rows that only one of the runs answers: id, flip, text, actual, base, head.

    A row is broken if the head answers an out-of-scope row or rejects an in-scope row, and fixed in the reverse case. A
    run without an oos.method answers every row, and has in-scope rows only.
    """
    before, after = (run.predictions if run.decisions is None else run.decisions for run in (base, head))
    shared = before.index.intersection(after.index)
    before, after = before.loc[shared], after.loc[shared]
    rejected, now_rejected, out = (c.map(is_out) for c in (before["predicted"], after["predicted"], after["actual"]))
    texts = pd.concat([head.rows["text"], head.oos_rows["text"], base.oos_rows["text"]])
    texts = texts[~texts.index.duplicated()].reindex(shared)
    columns = {"text": texts, "actual": after["actual"], "base": before["predicted"], "head": after["predicted"]}
    table = pd.DataFrame({"flip": (now_rejected == out).map({True: "fixed", False: "broken"})} | columns)
    return table[rejected != now_rejected].sort_values("flip", kind="stable").reset_index()


def oos_differences(base: Run, head: Run) -> pd.DataFrame:
    """Return metric, base, head, difference, 95% interval and verdict on the rows that both decide; else no rows."""
    if base.decisions is None or head.decisions is None:
        return pd.DataFrame(columns=COLUMNS)
    before, after = base.decisions, head.decisions
    shared = before.index[before.index.isin(after.index)]
    before, after = before.loc[shared], after.loc[shared]
    out = after["actual"].map(is_out).to_numpy(dtype=bool)
    table = []
    if out.any() and not out.all():
        sides = [metrics.ranking(out, side["score"].to_numpy())["auroc"] for side in (before, after)]
        table.append(("auroc", *sides, *delong(out, before["score"].to_numpy(), after["score"].to_numpy())))
    for metric, part, good in (
        ("in_scope_accuracy", ~out, _right),
        ("in_scope_kept", ~out, _kept),
        ("out_recall", out, _out),
    ):
        old, new = (good(side[part]) for side in (before, after))
        if len(old):
            table.append((metric, old.mean(), new.mean(), *mean_interval(new - old)))
    differences = pd.DataFrame(table, columns=["metric", "base", "head", "low", "high"])
    differences["difference"] = differences["head"] - differences["base"]
    differences["verdict"] = [verdict(row.metric, row.low, row.high) for row in differences.itertuples()]
    return differences[COLUMNS]


def delong(out: NDArray[np.bool_], base: Floats, head: Floats) -> tuple[float, float]:
    """Return the 95% interval of the difference of two AUROCs on the same rows (DeLong, DeLong & Clarke-Pearson 1988).

    `out` marks the positive rows, shape (rows,), the others are the scores. A row's component is the share of rows of
    the other kind that it is ranked rightly against; the components' variances add up.

    >>> delong(np.array([True, True, False, False]), np.array([4.0, 3, 2, 1]), np.array([4.0, 3, 2, 1]))
    (0.0, 0.0)
    """
    gains = [new - old for new, old in zip(_components(out, head), _components(out, base), strict=True)]
    spread = norm.ppf(0.975) * np.sqrt(sum(gain.var(ddof=1) / len(gain) for gain in gains if len(gain) > 1))
    difference = float(gains[0].mean())
    return float(difference - spread), float(difference + spread)


def _components(out: NDArray[np.bool_], scores: Floats) -> tuple[Floats, Floats]:
    wins = np.sign(scores[out][:, None] - scores[~out][None, :]) / 2 + 0.5
    return np.asarray(wins.mean(axis=1)), np.asarray(wins.mean(axis=0))


def _right(side: pd.DataFrame) -> Floats:
    return np.asarray(side["actual"] == side["predicted"], dtype=float)


def _kept(side: pd.DataFrame) -> Floats:
    return 1 - _out(side)


def _out(side: pd.DataFrame) -> Floats:
    return np.asarray(side["predicted"].map(is_out), dtype=float)
