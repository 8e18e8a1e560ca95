"""Reliability diagram: are nine in ten answers with a confidence of 0.9 right?"""

import pandas as pd
from matplotlib.figure import Figure

from textclf.charts.style import BLUE, GRAY, ORANGE, panels
from textclf.metrics.calibration import reliability


def reliability_table(predictions: pd.DataFrame, bins: int) -> pd.DataFrame:
    """Return rows, mean confidence and accuracy of each filled bin of confidence, `bins` equally wide over (0, 1]."""
    hit = (predictions["actual"] == predictions["predicted"]).to_numpy()
    table = pd.DataFrame(reliability(hit, predictions["confidence"].to_numpy(), bins)).rename_axis("bin")
    filled = table[table["rows"] > 0].astype({"rows": int}).round(4).reset_index()
    return filled[["bin", "confidence", "accuracy", "rows"]]


def draw_reliability(table: pd.DataFrame, before: pd.DataFrame | None, bins: int, scores: dict[str, float]) -> Figure:
    """Draw accuracy against confidence by bin, and below how many rows each bin holds.

    `before` is the table without the temperature, if there is one; `scores` has the ECE, and then also `ece_before` and
    the temperature.
    """
    figure, (upper, lower) = panels(5.5, 6.5, nrows=2, sharex=True, height_ratios=(3, 1))
    centers = (table["bin"] + 0.5) / bins
    upper.bar(centers, table["accuracy"], width=0.9 / bins, color=BLUE, label="accuracy")
    upper.plot([0, 1], [0, 1], "--", color="#444444", label="perfectly calibrated")
    upper.plot(table["confidence"], table["accuracy"], "o", color="black", markersize=3, label="at the mean confidence")
    title = f"Reliability (test rows), ECE {scores['ece']:.3f}"
    if before is not None:
        title += f"\nwith a temperature of {scores['temperature']:.2f}; without it {scores['ece_before']:.3f}"
        uncalibrated = "without the temperature"
        upper.plot(before["confidence"], before["accuracy"], "-o", color=ORANGE, markersize=3, label=uncalibrated)
        lower.stairs(*_steps(before, bins), color=ORANGE, linewidth=1.5)
    upper.set(title=title, ylabel="accuracy", ylim=(0, 1.02))
    upper.legend(frameon=False, loc="upper left")
    lower.bar(centers, table["rows"], width=0.9 / bins, color=GRAY)
    lower.set(xlabel="confidence", ylabel="rows", xlim=(0, 1))
    return figure


def _steps(table: pd.DataFrame, bins: int) -> tuple[list[float], list[float]]:
    rows = table.set_index("bin")["rows"].reindex(range(bins), fill_value=0)
    return rows.tolist(), [edge / bins for edge in range(bins + 1)]
