"""Learning curve: is it still learning, and does it overfit?"""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter

from textclf.charts.style import BLUE, GRAY, ORANGE, panels

NAMES = {"log_loss": "lowest log-loss", "accuracy": "highest accuracy", "macro_f1": "highest macro F1"}
WRITTEN = 5  # values of C that fit below an axis, also of ten characters


def draw_curve(curve: pd.DataFrame, metric: str) -> Figure:
    """Draw the losses, and beside them the validation scores; a line marks the epoch that was kept.

    `metric` is the `selection_metric` by which it was. Losses of epochs can include label smoothing and class weights;
    the log-loss, which can select, has neither. A method without epochs has a column `C` instead, the strength of
    regularization of each fit.
    """
    x = "C" if "C" in curve else "epoch"
    figure, (losses, scores) = panels(10, 4, ncols=2)
    losses.plot(curve[x], curve["train_loss"], "o-", color=GRAY, label="train")
    if not curve["validation_loss"].equals(curve["validation_log_loss"]):
        losses.plot(curve[x], curve["validation_loss"], "o--", color=GRAY, markerfacecolor="white", label="validation")
    losses.plot(curve[x], curve["validation_log_loss"], "o-", color=BLUE, label="validation log-loss")
    scores.plot(curve[x], curve["validation_accuracy"], "o-", color=BLUE, label="accuracy")
    scores.plot(curve[x], curve["validation_macro_f1"], "o-", color=ORANGE, label="macro F1")
    for axes, title in ((losses, "Loss"), (scores, "Validation scores")):
        for kept in curve.loc[curve["kept"] == 1, x]:
            axes.axvline(kept, color="#444444", linestyle=":", label=f"kept: {x} {kept:g}{_reason(curve, metric)}")
        axes.set(title=title, xlabel=x)
        if x == "C":
            _write_strengths(axes, sorted(curve["C"]))
        else:
            axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.legend(edgecolor="none")  # white behind it, as the line of what was kept can pass there
    return figure


def _reason(curve: pd.DataFrame, metric: str) -> str:
    """Return how the kept row's score is the best; nothing if it isn't (of few rows no score chooses), or is alone."""
    scores = curve[f"validation_{metric}"]
    best = scores.min() if metric == "log_loss" else scores.max()
    is_best = len(curve) > 1 and (scores[curve["kept"] == 1] == best).any()
    return f", {NAMES[metric]}" if is_best else ""


def _write_strengths(axes: Axes, strengths: list[float]) -> None:
    """Make the axis logarithmic, with ticks at values of C: the style shows no formulas, which 10^3 would be."""
    axes.set_xscale("log")
    axes.set_xticks(strengths[:: -(-len(strengths) // WRITTEN)])
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
