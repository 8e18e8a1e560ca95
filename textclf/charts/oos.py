"""Out of scope: the scores of such messages beside the others', and the risk at each coverage.

`table` has a row a message with its labels `actual` and `predicted` and its `score`, higher is further out of scope.
"""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.metrics import roc_auc_score, roc_curve

from textclf.charts.style import BLUE, GRAY, ORANGE, canvas, colors
from textclf.oos.labels import is_out, kind_of

BINS = 25


def draw_scores(table: pd.DataFrame) -> Figure:
    """Draw the distribution of scores in scope and out of scope, by kind, and the highest one that got an answer."""
    figure, axes = canvas(
        8, 4.5, "Scores in and out of scope (test rows)", "score (higher: further out)", "share of rows"
    )
    edges = np.linspace(table["score"].min(), table["score"].max(), BINS + 1).tolist()
    groups = table.groupby(
        table["actual"].map(lambda label: (kind_of(label) or "out of scope") if is_out(label) else "")
    )
    shades = dict(zip(sorted(set(groups.groups) - {""}), colors(len(groups)), strict=False))
    for name, rows in groups:
        weights = np.full(len(rows), 1 / len(rows))
        drawn = f"{name or 'in scope'} ({len(rows):,})"
        if name:
            axes.hist(
                rows["score"], edges, weights=weights, histtype="step", color=shades[name], linewidth=1.6, label=drawn
            )
        else:
            axes.hist(rows["score"], edges, weights=weights, color=GRAY, alpha=0.6, label=drawn)
    kept = table["score"][~table["predicted"].map(is_out)]
    if len(kept):
        axes.axvline(kept.max(), color="black", linestyle="--", label="highest with an answer")
    figure.legend(frameon=False, loc="outside lower center", ncols=3)
    return figure


def draw_roc(table: pd.DataFrame) -> Figure:
    """Draw the share of out-of-scope rows caught against that of in-scope rows rejected, and mark the threshold."""
    out, rejected = (table[column].map(is_out).to_numpy(dtype=bool) for column in ("actual", "predicted"))
    area = roc_auc_score(out, table["score"])
    figure, axes = canvas(5.5, 5.5, f"Out of scope, ROC (test rows), area {area:.3f}", "in-scope rows rejected")
    false_positives, recalls, _ = roc_curve(out, table["score"])
    axes.plot(false_positives, recalls, color=BLUE)
    axes.plot([0, 1], [0, 1], "--", color="#444444", linewidth=1)
    axes.plot(rejected[~out].mean(), rejected[out].mean(), "o", color=ORANGE, label="at the threshold")
    axes.set(ylabel="out-of-scope rows found", xlim=(-0.01, 1), ylim=(0, 1.01), aspect="equal")
    axes.legend(frameon=False, loc="lower right")
    return figure


def draw_risk(table: pd.DataFrame) -> Figure:
    """Draw the share of wrong answers against the share of messages that get one, the surest first.

    An answer to an out-of-scope message is wrong.
    """
    ordered = table.sort_values("score", kind="stable")
    coverage = np.arange(1, len(ordered) + 1) / len(ordered)
    risk = (ordered["actual"] != ordered["intent"]).cumsum().to_numpy() / np.arange(1, len(ordered) + 1)
    figure, axes = canvas(
        6.5, 4.5, "Risk against coverage (test rows)", "messages answered", "wrong answers among them"
    )
    axes.plot(coverage, risk, color=BLUE)
    answered = int((~table["predicted"].map(is_out)).sum())
    if answered:
        axes.plot(answered / len(table), risk[answered - 1], "o", color=ORANGE, label="at the threshold")
        axes.legend(frameon=False, loc="upper left")
    axes.set(xlim=(0, 1.01), ylim=(0, None))
    return figure
