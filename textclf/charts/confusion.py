"""Which labels are confused with which."""

import pandas as pd
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure

from textclf.charts.style import ORANGE, bars, canvas


def count_pairs(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return how many rows (n) have each pair of actual and predicted label, pairs that occur only, sorted by name."""
    return predictions.groupby(["actual", "predicted"]).size().rename("n").reset_index()


def draw_confusion(pairs: pd.DataFrame, labels: list[str]) -> Figure:
    """Draw the confusion matrix: rows are actual labels, colour is the share of the row, numbers are counts.

    Colour grows with the square root of the share, so that single mistakes can be seen beside full diagonals.
    """
    counts = (
        pairs.pivot(index="actual", columns="predicted", values="n").reindex(index=labels, columns=labels).fillna(0)
    )
    shares = counts.div(counts.sum(axis=1).clip(lower=1), axis=0)
    side = 3.5 + 0.24 * len(labels)
    figure, axes = canvas(side, side, "Confusion matrix (test rows)", "predicted", "actual")
    axes.imshow(shares, cmap="Blues", norm=PowerNorm(0.5, 0, 1))
    ticks = range(len(labels))
    axes.set_xticks(ticks, labels, rotation=90, fontsize=8)
    axes.set_yticks(ticks, labels, fontsize=8)
    axes.grid(visible=False)
    for row, column in zip(*counts.to_numpy().nonzero(), strict=True):
        colour = "white" if shares.iat[row, column] > 0.4 else "#222222"
        text = f"{counts.iat[row, column]:.0f}"
        axes.text(column, row, text, ha="center", va="center", fontsize=6.5, color=colour)
    return figure


def draw_confused_pairs(pairs: pd.DataFrame, shown: int) -> Figure:
    """Draw the `shown` most frequent mistakes, as actual → predicted."""
    wrong = pairs[pairs["actual"] != pairs["predicted"]]
    top = wrong.sort_values(["n", "actual", "predicted"], ascending=[False, True, True]).head(shown)
    names = [f"{actual} → {predicted}" for actual, predicted in zip(top["actual"], top["predicted"], strict=True)]
    figure, _ = bars(
        "Most confused pairs, actual → predicted (test rows)", names, top["n"].tolist(), "rows", ORANGE, "{:.0f}"
    )
    return figure
