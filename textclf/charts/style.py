"""The common style of all pictures: size, colors, and bytes that don't vary."""

import colorsys
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")  # no screen

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from textclf.charts.fitting import LONGEST, fit_titles, short
from textclf.charts.glyphs import say_missing, without_glyph_warnings

MANY = 100  # labels; of more, a picture shows SHOWN and says how many are left out
SHOWN = 60
BLUE, ORANGE, GRAY = "#2f6fb2", "#d9772b", "#8a8f98"

plt.rcParams.update(
    {
        "axes.grid": True,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlelocation": "left",
        "axes.axisbelow": True,
        "font.size": 10,
        "grid.color": "#e4e6ea",
        "figure.constrained_layout.use": True,
        "text.parse_math": False,  # two dollar signs in a text are no formula
    }
)


def canvas(width: float, height: float, title: str, x: str = "", y: str = "") -> tuple[Figure, Axes]:
    """Return a figure of `width` by `height` inches with one titled pair of axes."""
    figure, axes = plt.subplots(figsize=(width, height))
    axes.set(title=title, xlabel=x, ylabel=y)
    return figure, axes


def panels(width: float, height: float, **layout: Any) -> tuple[Figure, tuple[Axes, Axes]]:
    """Return a figure of `width` by `height` inches with two pairs of axes, laid out as `plt.subplots` takes it."""
    figure, axes = plt.subplots(figsize=(width, height), **layout)
    return figure, (axes[0], axes[1])


def bars(title: str, names: list[str], values: list[float], x: str, color: str, form: str) -> tuple[Figure, Axes]:
    """Return horizontal bars, the first on top, each with its value at its end, in the given `form`."""
    figure, axes = canvas(9, 1.2 + 0.22 * len(names), title, x)
    drawn = axes.barh(range(len(names)), values, color=color)
    axes.set_yticks(range(len(names)), [short(name, 2 * LONGEST) for name in names])
    behind = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}  # over lines that a caller adds
    axes.bar_label(drawn, fmt=form, padding=4, fontsize=8, color="#444444", bbox=behind)
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", length=0, labelsize=9)
    axes.set_ylim(len(names) - 0.4, -0.6)
    return figure, axes


def places(shown: int, left_out: int) -> list[int]:
    """Return the places of bars; where the middle ones are left out, one place there stays free.

    >>> places(4, left_out=0), places(4, left_out=96)
    ([0, 1, 2, 3], [0, 1, 3, 4])
    """
    return [place + (left_out > 0 and place >= shown // 2) for place in range(shown)]


def mark_gap(axes: Axes, shown: int, left_out: int) -> None:
    """Write in the free place how many labels are left out, if any are."""
    if left_out:
        axes.axhline(shown // 2, color="#444444", linestyle=":", linewidth=1)
        text, behind = f"{left_out} labels in between", {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
        across = axes.get_yaxis_transform()  # x is a share of the width
        axes.text(0.5, shown // 2, text, transform=across, ha="center", va="center", fontsize=8, bbox=behind)


def colors(number: int) -> list[tuple[float, float, float]]:
    """Return `number` colors, neighbors in the list far apart in hue (steps of the golden ratio)."""
    return [colorsys.hsv_to_rgb(place * 0.618034 % 1, 0.75, (0.85, 0.65)[place % 2]) for place in range(number)]


def save(figure: Figure, path: Path, dpi: int) -> None:
    """Write `figure` as a PNG without the program's name and version, its titles wrapped, and free it."""
    fit_titles(figure)
    with without_glyph_warnings():
        figure.savefig(path, dpi=dpi, metadata={"Software": None})
    say_missing("".join(text.get_text() for text in figure.findobj(Text)))
    plt.close(figure)
