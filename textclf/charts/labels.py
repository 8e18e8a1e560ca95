"""Labels: how many rows each has, and how well each is recognized."""

import pandas as pd
from matplotlib.figure import Figure

from textclf.charts.fitting import short
from textclf.charts.style import BLUE, GRAY, MANY, ORANGE, SHOWN, bars, canvas, mark_gap, places


def draw_f1(classes: pd.DataFrame) -> Figure:
    """Draw the F1 of every label on test, the worst on top, and their mean; of more than `MANY` labels the worst."""
    ordered, title = classes.sort_values(["f1", "label"]), "F1 by label (test rows)"
    if len(classes) > MANY:
        ordered = ordered.head(SHOWN)
        title += f"\nthe {SHOWN} lowest of {len(classes)} labels; all are in plots/classes.csv"
    figure, axes = bars(title, ordered["label"].tolist(), ordered["f1"].tolist(), "F1", BLUE, "{:.2f}")
    mean = classes["f1"].mean()
    axes.axvline(mean, color=ORANGE, linestyle="--", label=f"mean {mean:.3f}", zorder=0.9)
    axes.set_xlim(0, 1.08)
    figure.legend(frameon=False, loc="outside lower center")
    return figure


def draw_distribution(rows: pd.DataFrame) -> Figure:
    """Draw each label's number of rows (columns `label`, `split`) in train, validation and test, the largest on top.

    Of more than `MANY` labels, the largest and the smallest are drawn.
    """
    counts = rows.groupby(["label", "split"]).size().unstack(fill_value=0)
    counts = counts.reindex(columns=["train", "validation", "test"], fill_value=0)  # a split may have no rows
    counts = counts.loc[counts.sum(axis=1).sort_values(ascending=False, kind="stable").index]
    totals, title, left_out = counts.sum(), "Rows by label", 0
    if len(counts) > MANY:
        title += f"\nthe {SHOWN // 2} largest and the {SHOWN // 2} smallest of {len(counts)} labels; ties by name"
        left_out = len(counts) - SHOWN
        counts = pd.concat([counts.head(SHOWN // 2), counts.tail(SHOWN // 2)])
    where = places(len(counts), left_out)
    figure, axes = canvas(9, 1.62 + 0.22 * where[-1], title, "rows")
    left = pd.Series(0, index=counts.index)
    for split, color in (("train", BLUE), ("validation", ORANGE), ("test", GRAY)):
        axes.barh(where, counts[split], left=left, color=color, label=f"{split} ({totals[split]:,})")
        left = left + counts[split]
    mark_gap(axes, len(counts), left_out)
    axes.set_yticks(where, [short(str(name)) for name in counts.index])
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", length=0, labelsize=9)
    axes.set_ylim(where[-1] + 0.6, -0.6)
    figure.legend(frameon=False, loc="outside lower center", ncols=3)
    return figure
