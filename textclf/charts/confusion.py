"""Which labels are confused with which."""

import pandas as pd
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from textclf.charts.fitting import LONGEST, short
from textclf.charts.style import MANY, ORANGE, SHOWN, bars, canvas


def count_pairs(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return how many rows (n) have each pair of actual and predicted label, pairs that occur only, sorted by name."""
    return predictions.groupby(["actual", "predicted"]).size().rename("n").reset_index()


def draw_confusion(pairs: pd.DataFrame, labels: list[str], percent: bool = False) -> Figure:
    """Draw the confusion matrix: rows are actual labels, color is the share of the row.

    Numbers are counts, or with `percent` the shares themselves.

    Color grows with the square root of the share, so that single mistakes can be seen beside full diagonals. Of more
    than `MANY` labels, the most confused are drawn.
    """
    title = "Confusion matrix\n% of each actual label's test rows" if percent else "Confusion matrix (test rows)"
    counts = (
        pairs.pivot(index="actual", columns="predicted", values="n").reindex(index=labels, columns=labels).fillna(0)
    )
    shares = counts.div(counts.sum(axis=1).clip(lower=1), axis=0)
    if len(labels) > MANY:
        chosen = most_confused(pairs, labels)
        title += f"\nthe {len(chosen)} most confused of {len(labels)} labels; all are in plots/confusion.csv"
        counts, shares, labels = counts.loc[chosen, chosen], shares.loc[chosen, chosen], chosen
    side = max(5.0, 3.5 + 0.24 * len(labels))  # the title needs some width
    figure, axes = canvas(side, side, title, "predicted", "actual")
    axes.imshow(shares, cmap="Blues", norm=PowerNorm(0.5, 0, 1))
    ticks = range(len(labels))
    names = [short(label) for label in labels]
    axes.set_xticks(ticks, names, rotation=90, fontsize=8)
    axes.set_yticks(ticks, names, fontsize=8)
    axes.grid(visible=False)
    for row, column in zip(*counts.to_numpy().nonzero(), strict=True):
        color = "white" if shares.iat[row, column] > 0.4 else "#222222"
        text = f"{100 * shares.iat[row, column]:.0f}" if percent else f"{counts.iat[row, column]:.0f}"
        axes.text(column, row, text, ha="center", va="center", fontsize=6.5, color=color)
    return figure


def most_confused(pairs: pd.DataFrame, labels: list[str]) -> list[str]:
    """Return the `SHOWN` labels with the most mistakes, as actual or predicted label, in the order of `labels`."""
    wrong = pairs[pairs["actual"] != pairs["predicted"]]
    mistakes = wrong.groupby("actual")["n"].sum().add(wrong.groupby("predicted")["n"].sum(), fill_value=0)
    ranked = mistakes.reindex(labels).fillna(0).sort_values(ascending=False, kind="stable")
    chosen = set(ranked.index[:SHOWN])
    return [label for label in labels if label in chosen]


def draw_confused_pairs(pairs: pd.DataFrame, shown: int) -> Figure:
    """Draw the `shown` most frequent mistakes, as actual → predicted."""
    wrong = pairs[pairs["actual"] != pairs["predicted"]]
    top = wrong.sort_values(["n", "actual", "predicted"], ascending=[False, True, True]).head(shown)
    names = [_pair(actual, predicted) for actual, predicted in zip(top["actual"], top["predicted"], strict=True)]
    title = "Most confused pairs, actual → predicted (test rows)"
    if len(wrong) > len(top):
        title += f"\nthe {len(top)} most frequent of {len(wrong)} pairs; all are in plots/confusion.csv"
    if not names:
        figure, axes = canvas(9, 1.4, title)
        axes.axis("off")
        axes.text(0, 0.5, "No test row is confused.", transform=axes.transAxes, va="center")
        return figure
    figure, axes = bars(title, names, top["n"].tolist(), "rows", ORANGE, "{:.0f}")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def _pair(actual: str, predicted: str) -> str:
    """Return `actual → predicted`, both shortened; marks keep the order also of labels read from right to left."""
    most = LONGEST - 4  # so that both fit into what `bars` takes
    return f"\u2068{short(actual, most)}\u2069 → \u2068{short(predicted, most)}\u2069"
