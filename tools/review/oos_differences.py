"""Out-of-scope decisions of two runs: rows that moved in or out of scope, and the differences of the scores."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from textclf.oos.labels import is_out
from tools.runs.run import Run
from tools.stats.difference import compare
from tools.stats.influence import Floats, Score
from tools.stats.verdict import verdict

COLUMNS = ["metric", "base", "head", "difference", "low", "high", "p", "verdict"]
FEW = 20  # rows in or out of scope: with fewer, an area that is perfect by chance seems not to vary
MIN_ROWS = 5  # in and out of scope; with fewer, the intervals cover too little (tests/simulate.py)

Decisions = list[pd.DataFrame]


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


def oos_differences(
    base: Decisions, head: Decisions, effects: Mapping[str, float], draw: tuple[bool, bool] = (True, True)
) -> pd.DataFrame:
    """Return metric, base, head, difference, 95% interval, p and verdict on the rows that both decide; else no rows.

    `base` and `head` are lists of tables of decisions, one a seed. A score of fewer than `MIN_ROWS` rows in or out of
    scope has no interval. With one seed on a side for which another would `draw` otherwise, none has a verdict, as no
    spread between seeds is known.
    """
    if not base or not head:
        return pd.DataFrame(columns=COLUMNS)
    shared = base[0].index[base[0].index.isin(head[0].index)]
    shared = shared[(base[0].loc[shared, "actual"] == head[0].loc[shared, "actual"]).to_numpy()]  # not relabeled
    out = head[0].loc[shared, "actual"].map(is_out).to_numpy(dtype=bool)
    before, after = ([_scores(table.loc[shared], out) for table in side] for side in (base, head))
    known = all(len(side) > 1 or not draws for side, draws in zip((base, head), draw, strict=True))
    few = min(int(out.sum()), int((~out).sum())) < MIN_ROWS
    table = []
    for name in before[0]:
        found = compare([scores[name] for scores in before], [scores[name] for scores in after])
        numbers = [float(n) for n in (found.base, found.head, found.difference, found.low, found.high, found.p)]
        if few and name != "in_scope_kept" and name != "in_scope_accuracy":
            table.append((name, *numbers[:3], np.nan, np.nan, np.nan, ""))
        else:
            judged = verdict(name, numbers[2], numbers[3], numbers[4], effects.get(name))
            table.append((name, *numbers, judged if known else ""))
    return pd.DataFrame(table, columns=COLUMNS)


def _scores(table: pd.DataFrame, out: NDArray[np.bool_]) -> dict[str, Score]:
    found = {}
    if out.any() and not out.all():
        found["auroc"] = auroc(out, table["score"].to_numpy(float))
    parts = {"in_scope_accuracy": (~out, _right), "in_scope_kept": (~out, _kept), "out_recall": (out, _out)}
    return found | {name: _share(good(table), part) for name, (part, good) in parts.items() if part.any()}


def _share(good: Floats, part: NDArray[np.bool_]) -> Score:
    """Return the share of good rows among those of `part`."""
    share = good[part].mean()
    least = np.asarray(2 / part.sum() ** 2)
    return Score(np.asarray(share), np.where(part, good - share, 0.0) * len(part) / part.sum(), least)


def auroc(out: NDArray[np.bool_], scores: Floats) -> Score:
    """Return the area under the ROC curve, and each row's influence on it: DeLong, DeLong & Clarke-Pearson (1988).

    `out` marks the positive rows, shape (rows,). A row's component is the share of rows of the other kind that it is
    ranked rightly against.

    >>> auroc(np.array([True, False]), np.array([2.0, 1.0])).value
    array(1.)
    """
    ranks = rankdata(
        scores
    )  # among all rows; those among the own kind leave the rows of the other kind (Sun & Xu 2014)
    wins = np.empty(len(out))
    wins[out] = (ranks[out] - rankdata(scores[out])) / (~out).sum()
    wins[~out] = 1 - (ranks[~out] - rankdata(scores[~out])) / out.sum()
    area = wins[out].mean()
    influence = (wins - area) * len(out) / np.where(out, out.sum(), (~out).sum())
    fewest = min(int(out.sum()), int((~out).sum()))
    return Score(np.asarray(area), influence, np.asarray(2 / fewest**2 if fewest < FEW else 0.0))


def _right(side: pd.DataFrame) -> Floats:
    return np.asarray(side["actual"] == side["predicted"], dtype=float)


def _kept(side: pd.DataFrame) -> Floats:
    return 1 - _out(side)


def _out(side: pd.DataFrame) -> Floats:
    return np.asarray(side["predicted"].map(is_out), dtype=float)
