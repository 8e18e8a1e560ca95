"""A review's charts: both sides' reliability and learning curves, for light and for dark pages."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from textclf.charts.style import BLUE, GRAY, panels
from textclf.metrics.calibration import reliability
from tools.review.report import Report
from tools.runs.run import Run

INK = {"light": "#1d2330", "dark": "#e6e9ef"}
GRID = {"light": "#e4e6ea", "dark": "#3a4150"}


@dataclass(frozen=True)
class Chart:
    """A titled chart in both themes, as `data:` addresses."""

    title: str
    light: str
    dark: str


def charts(report: Report) -> list[Chart]:
    """Return the charts; the learning curves only if both runs have epochs."""
    drawn = [("Reliability (test rows)", lambda: _reliability(report))]
    if all(len(run.curve) > 1 and "C" not in run.curve for run in (report.base, report.head)):
        drawn.append(("Learning curves (validation)", lambda: _curves(report)))
    return [Chart(title, _encoded(draw, "light"), _encoded(draw, "dark")) for title, draw in drawn]


def _encoded(draw: Callable[[], Figure], theme: str) -> str:
    inked = ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color")
    ink: dict[Any, str] = dict.fromkeys(inked, INK[theme])
    with plt.rc_context(ink | {"grid.color": GRID[theme]}):
        figure, content = draw(), BytesIO()
        figure.savefig(content, format="png", dpi=120, transparent=True, metadata={"Software": None})
    plt.close(figure)
    return "data:image/png;base64," + base64.b64encode(content.getvalue()).decode()


def _sides(report: Report) -> list[tuple[str, Run, str]]:
    return [(report.base.revision.name, report.base, GRAY), (report.head.revision.name, report.head, BLUE)]


def _reliability(report: Report) -> Figure:
    figure, (upper, lower) = panels(6, 5.5, nrows=2, sharex=True, height_ratios=(3, 1))
    bins = int(report.head.params["evaluation"]["ece_bins"])
    upper.plot([0, 1], [0, 1], "--", color=plt.rcParams["text.color"], linewidth=0.8, label="perfectly calibrated")
    for number, (name, run, color) in enumerate(_sides(report)):
        rows = run.predictions
        hit = (rows["actual"] == rows["predicted"]).to_numpy()
        table = pd.DataFrame(reliability(hit, rows["confidence"].to_numpy(), bins)).dropna()
        upper.plot(table["confidence"], table["accuracy"], "o-", color=color, markersize=4, label=_short(name))
        lower.bar((table.index + 0.3 + 0.4 * number) / bins, table["rows"], width=0.38 / bins, color=color)
    upper.set(ylabel="accuracy", ylim=(0, 1.02))
    lower.set(xlabel="confidence", ylabel="rows", xlim=(0, 1))
    upper.legend(frameon=False, loc="upper left")
    return figure


def _curves(report: Report) -> Figure:
    figure, (losses, scores) = panels(9, 3.8, ncols=2)
    for name, run, color in _sides(report):
        for axes, column in ((losses, "validation_log_loss"), (scores, "validation_accuracy")):
            axes.plot(run.curve["epoch"], run.curve[column], "o-", color=color, markersize=4, label=_short(name))
    for axes, title in ((losses, "log-loss"), (scores, "accuracy")):
        axes.set(title=title, xlabel="epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    losses.legend(frameon=False)
    return figure


def _short(name: str) -> str:
    return name if len(name) < 30 else f"{name[:12]} …"
