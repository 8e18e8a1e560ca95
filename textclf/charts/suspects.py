"""Suspects: rows whose label may be wrong, by label."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from textclf.charts.style import MANY, ORANGE, SHOWN, bars, canvas


def draw_suspects(suspects: "pd.Series[str]", rows: int) -> Figure:
    """Draw how many suspects each given label has, the most on top; `suspects` holds a label for each."""
    counts = suspects.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    title = f"Suspect labels ({len(suspects):,} of {rows:,} rows)"
    if counts.empty:
        figure, axes = canvas(9, 1.4, title)
        axes.set_axis_off()
        return figure
    drawn = counts
    if len(counts) > MANY:
        title += f"\nthe {SHOWN} labels with the most, of {len(counts)}"
        drawn = counts.head(SHOWN)
    figure, axes = bars(title, drawn.index.tolist(), drawn.tolist(), "rows", ORANGE, "{:.0f}")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure
