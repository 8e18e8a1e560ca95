"""The common style of all pictures: size, colours, and bytes that don't vary."""

import colorsys
import sys
import unicodedata
import warnings
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")  # no screen

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.text import Text
from matplotlib.textpath import text_to_path

MANY = 100  # labels; of more, a picture shows SHOWN and says how many are left out
SHOWN = 60
LONGEST = 36  # characters of a label on an axis
LINE = 0.2  # inches that a line of a title needs
SAID: set[str] = set()  # scripts of which a person knows that the pictures have no glyphs
BLUE, ORANGE, GREY = "#2f6fb2", "#d9772b", "#8a8f98"

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


def bars(title: str, names: list[str], values: list[float], x: str, colour: str, form: str) -> tuple[Figure, Axes]:
    """Return horizontal bars, the first on top, each with its value at its end, in the given `form`."""
    figure, axes = canvas(9, 1.2 + 0.22 * len(names), title, x)
    drawn = axes.barh(range(len(names)), values, color=colour)
    axes.set_yticks(range(len(names)), [short(name, 2 * LONGEST) for name in names])
    behind = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}  # over lines that a caller adds
    axes.bar_label(drawn, fmt=form, padding=4, fontsize=8, color="#444444", bbox=behind)
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", length=0, labelsize=9)
    axes.set_ylim(len(names) - 0.4, -0.6)
    return figure, axes


def short(name: str, most: int = LONGEST) -> str:
    """Return a name of at most `most` characters for an axis.

    >>> short("a_very_long_name", 9)
    'a_very_l…'
    """
    return name if len(name) <= most else f"{name[: most - 1]}…"


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


def width(text: str, size: float) -> float:
    """Return the width in points of one line of text at a font size; it depends on no resolution."""
    with without_glyph_warnings():
        return float(text_to_path.get_text_width_height_descent(text, FontProperties(size=size), ismath=False)[0])


def wrapped(text: str, points: float, size: float) -> list[str]:
    """Return `text` in lines of at most `points` at a font size, broken at spaces, and longer words at any letter.

    >>> wrapped("WHERE is my parcel", 60, 10)
    ['WHERE is', 'my parcel']
    """
    lines, rest = [], " ".join(text.split())
    while rest:
        fits = max(1, bisect_right(range(1, min(len(rest), 1000) + 1), points, key=lambda n: width(rest[:n], size)))
        space = rest.rfind(" ", 0, fits + 1)
        end = fits if fits == len(rest) or space < 1 else space
        lines.append(rest[:end])
        rest = rest[end:].lstrip()
    return lines


def fit_titles(figure: Figure) -> None:
    """Wrap titles that are wider than the room up to the next axes or the edge, and make the figure higher by that."""
    with without_glyph_warnings():
        figure.draw_without_rendering()
    added = 0
    starts = {axes: axes.bbox.x0 for axes in figure.axes}
    for axes, start in starts.items():
        title: Text = axes._left_title  # type: ignore[attr-defined]  # matplotlib gives out the one in the middle alone
        end = min([other for other in starts.values() if other > start + 1], default=figure.bbox.x1)
        room = 0.97 * (end - start) * 72 / figure.dpi  # a resolution's rounding of letters takes up to 3%
        old = title.get_text().split("\n")
        new = [part for line in old for part in wrapped(line, room, float(title.get_fontsize()))]
        title.set_text("\n".join(new))
        added = max(added, len(new) - len(old))
    figure.set_figheight(figure.get_figheight() + LINE * added)


def colours(number: int) -> list[tuple[float, float, float]]:
    """Return `number` colours, neighbours in the list far apart in hue (steps of the golden ratio)."""
    return [colorsys.hsv_to_rgb(place * 0.618034 % 1, 0.75, (0.85, 0.65)[place % 2]) for place in range(number)]


def save(figure: Figure, path: Path, dpi: int) -> None:
    """Write `figure` as a PNG without the program's name and version, its titles wrapped, and free it."""
    fit_titles(figure)
    with without_glyph_warnings():
        figure.savefig(path, dpi=dpi, metadata={"Software": None})
    _say_missing("".join(text.get_text() for text in figure.findobj(Text)))
    plt.close(figure)


@contextmanager
def without_glyph_warnings() -> Iterator[None]:
    """Silence matplotlib, which warns of each letter that has no glyph each time; `save` says it once."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        yield


def _say_missing(text: str) -> None:
    """Print one line that names the scripts of letters without a glyph, unless it was said before.

    Fonts of the machine would draw some of them, and with them the bytes would depend on the machine.
    """
    known = get_font(findfont(FontProperties())).get_charmap()
    missing = {_script(letter) for letter in set(text) if ord(letter) not in known and letter.isprintable()}
    if missing - SAID:
        names = ", ".join(sorted(missing - SAID))
        SAID.update(missing)
        boxes = f"pictures have boxes for letters that their font doesn't have ({names})"
        print(f"{boxes}; numbers and CSV files are complete", file=sys.stderr)


def _script(letter: str) -> str:
    """Return the first word of a letter's Unicode name, and `symbols` for all symbols, which have no such word.

    >>> _script("退"), _script("ไ"), _script("🛒")
    ('CJK', 'THAI', 'symbols')
    """
    others = {"S": "symbols", "P": "punctuation"}
    return others.get(unicodedata.category(letter)[0]) or unicodedata.name(letter, "other").split()[0]
