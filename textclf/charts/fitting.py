"""Names, texts and titles that fit into their room."""

from bisect import bisect_right

from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.text import Text
from matplotlib.textpath import text_to_path

from textclf.charts.glyphs import without_glyph_warnings

LONGEST = 36  # characters of a label on an axis
LINE = 0.2  # inches that a line of a title needs


def short(name: str, most: int = LONGEST) -> str:
    """Return a name of at most `most` characters for an axis.

    >>> short("a_very_long_name", 9)
    'a_very_l…'
    """
    return name if len(name) <= most else f"{name[: most - 1]}…"


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
