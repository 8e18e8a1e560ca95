"""The rows with the highest and the lowest loss: wrong labels and odd data above, shortcuts below."""

import pandas as pd
from matplotlib.figure import Figure

from textclf.charts.fitting import width, wrapped
from textclf.charts.style import canvas

WIDE = 13.0  # inches
SIZE = 8.0  # of the font, in points
MAX_LINES = 4
FILLED = 0.86  # of a column; the rest is a gap, and small letters come out up to 15% wider at 50 dots an inch
# where each begins, in shares of the width
COLUMNS = {"which": 0.0, "loss": 0.07, "confidence": 0.125, "text": 0.2, "actual": 0.62, "predicted": 0.81}


def extreme_rows(predictions: pd.DataFrame, rows: pd.DataFrame, shown: int) -> pd.DataFrame:
    """Return the `shown` rows of highest and of lowest loss with their text, the highest first.

    `predictions` has id, actual, predicted, confidence and loss; `rows` has id and text.
    """
    ordered = predictions.merge(rows[["id", "text"]], on="id").sort_values(["loss", "id"], ascending=[False, True])
    highest, lowest = ordered.head(shown), ordered.iloc[shown:].tail(shown)
    both = pd.concat([highest.assign(which="highest"), lowest.assign(which="lowest")])
    return both[["which", "loss", "confidence", "actual", "predicted", "text", "id"]].reset_index(drop=True)


def draw_extremes(table: pd.DataFrame) -> Figure:
    """Draw the table of `extreme_rows`; long texts are wrapped and cut."""
    shown = table.assign(**{name: table[name].map("{:.4f}".format) for name in ("loss", "confidence")})
    cells = [[_cell(row[name], name) for name in COLUMNS] for _, row in shown.iterrows()]
    heights = [max(cell.count("\n") + 1 for cell in row) + 0.6 for row in cells]
    total = sum(heights) + 2
    figure, axes = canvas(WIDE, 0.6 + 0.17 * total, "Validation rows with the highest and the lowest loss")
    axes.set(xlim=(0, 1), ylim=(total, 0))
    axes.axis("off")
    if table.empty:
        axes.text(0, 1, "There are no validation rows.", va="center")
        return figure
    _write_row(axes, 0.2, list(COLUMNS), weight="bold")
    top = 2.0
    for row, height in zip(cells, heights, strict=True):
        axes.axhline(top - 0.35, color="#dddddd", linewidth=0.8)
        _write_row(axes, top, row)
        top += height
    return figure


def _write_row(axes, top: float, cells: list[str], weight: str = "normal") -> None:  # type: ignore[no-untyped-def]
    for place, cell in zip(COLUMNS.values(), cells, strict=True):
        axes.text(place, top, cell, va="top", fontsize=SIZE, weight=weight)


def _cell(text: str, name: str) -> str:
    """Return the text of a cell, in lines that end before the next column; what is cut ends in `…`."""
    ends = [start for start in COLUMNS.values() if start > COLUMNS[name]]
    points = FILLED * 72 * WIDE * (min(ends, default=1) - COLUMNS[name])
    lines = wrapped(text[:1000], points, SIZE)  # more never fits, and measuring it takes time
    if len(lines) > MAX_LINES:
        last = wrapped(lines[MAX_LINES - 1], points - width(" …", SIZE), SIZE)[0]
        lines = [*lines[: MAX_LINES - 1], f"{last} …"]
    return "\n".join(lines) or " "
