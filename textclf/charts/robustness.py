"""Robustness: how many answers each change of the texts changes, and the accuracy that is left."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from textclf.charts.style import BLUE, GRAY, ORANGE, panels
from textclf.metrics.robustness import UNCHANGED


def draw_changes(table: pd.DataFrame) -> Figure:
    """Draw the test rows of a table of `by_change`, the change with the lowest accuracy on top, with 95% intervals."""
    test = table[table["split"] == "test"].set_index("change")
    plain = test.loc[UNCHANGED]
    drawn = test.drop(UNCHANGED).sort_values("accuracy", kind="stable")
    figure, (left, right) = panels(9, 1.9 + 0.28 * len(drawn), ncols=2, sharey=True)
    left.axvline(plain["accuracy"], color=ORANGE, linestyle="--", label=f"texts as they are: {plain['accuracy']:.3f}")
    _bars(left, drawn, "accuracy", "{:.3f}", BLUE)
    _bars(right, drawn, "share", "{:.1%}", GRAY)
    left.set(title=f"Accuracy on changed texts\n({int(plain['rows']):,} test rows)", xlabel="accuracy")
    left.set_xlim(0, 1.15)
    right.set(title="Answers that changed\n(of the texts that changed)", xlabel="share")
    right.set_xlim(0, 1.2 * max(0.02, drawn["share_high"].max()))
    left.set_yticks(range(len(drawn)), [str(name).replace("_", " ") for name in drawn.index])
    left.set_ylim(len(drawn) - 0.4, -0.6)
    figure.legend(frameon=False, loc="outside lower center")
    return figure


def _bars(axes: Axes, drawn: pd.DataFrame, column: str, form: str, color: str) -> None:
    """Draw bars with intervals, and the value at the end of each interval; what has no value has no bar."""
    beside: dict[str, Any] = {"xytext": (5, 0), "textcoords": "offset points", "va": "center", "fontsize": 8}
    behind = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}  # over the line of the texts as they are
    for place, row in enumerate(drawn.itertuples()):
        value, low, high = (getattr(row, f"{column}{end}") for end in ("", "_low", "_high"))
        if value == value:
            axes.barh(place, value, color=color, alpha=0.75)
            axes.plot([low, high], [place, place], color="black", linewidth=1)
            axes.annotate(form.format(value), (high, place), bbox=behind, **beside)
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", length=0, labelsize=9)
