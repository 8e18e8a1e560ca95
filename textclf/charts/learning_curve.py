"""Learning curve: is it still learning, and does it overfit?"""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from textclf.charts.style import BLUE, GREY, ORANGE, panels


def draw_curve(curve: pd.DataFrame) -> Figure:
    """Draw train and validation loss, and beside them the validation scores; a line marks the epoch that was kept.

    A method without epochs has a column `C` instead, the strength of regularization of each fit.
    """
    x = "C" if "C" in curve else "epoch"
    figure, (losses, scores) = panels(10, 4, ncols=2)
    losses.plot(curve[x], curve["train_loss"], "o-", color=GREY, label="train")
    losses.plot(curve[x], curve["validation_loss"], "o-", color=BLUE, label="validation")
    scores.plot(curve[x], curve["validation_accuracy"], "o-", color=BLUE, label="accuracy")
    scores.plot(curve[x], curve["validation_macro_f1"], "o-", color=ORANGE, label="macro F1")
    for axes, title in ((losses, "Loss"), (scores, "Validation scores")):
        for kept in curve.loc[curve["kept"] == 1, x]:
            axes.axvline(kept, color="#444444", linestyle=":", label=f"kept: {x} {kept:g}")
        axes.set(title=title, xlabel=x)
        if x == "C":
            axes.set_xscale("log")
        else:
            axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.legend(frameon=False)
    return figure
