"""The picture of the accuracy by the number of training rows."""

from pathlib import Path

import pandas as pd
from matplotlib.ticker import NullLocator

from textclf.charts.style import BLUE, GRAY, ORANGE, canvas, save
from tools.data_curve.forecast import fit_power_law

COLORS = (BLUE, ORANGE, GRAY)


def draw_curve(means: pd.DataFrame, dataset: str, path: Path) -> None:
    """Write the picture: points with their intervals, and the power law up to twice the rows."""
    figure, axes = canvas(7, 4.5, f"Accuracy by training rows: {dataset}", "training rows", "accuracy on test")
    for (method, part), color in zip(means.groupby("method"), COLORS, strict=False):
        bars = [part["accuracy"] - part["low"], part["high"] - part["accuracy"]]
        axes.errorbar(part["rows"], part["accuracy"], bars, fmt="o", color=color, capsize=3, label=str(method))
        law = fit_power_law(part["rows"], part["accuracy"])
        first, last = float(part["rows"].min()), 2.0 * float(part["rows"].max())
        rows = [first * (last / first) ** (step / 50) for step in range(51)]
        axes.plot(rows, [law.accuracy(number) for number in rows], "--", color=color, linewidth=1)
    axes.set_xscale("log")
    ticks = sorted(set(means["rows"]) | {2 * means["rows"].max()})
    axes.set_xticks(ticks, [f"{number:,}" for number in ticks])  # the style shows no formulas, which 10^3 would be
    axes.xaxis.set_minor_locator(NullLocator())
    axes.legend(frameon=False, loc="lower right", title="dashed: power law")
    save(figure, path, 110)
