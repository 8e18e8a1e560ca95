"""Markdown tables and the escaping of text from outside, for every page and card alike."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

DIRECTIONS = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table; the cells are Markdown already.

    >>> table(["label", "rows"], [["refund", "50"]])
    ['| label | rows |', '|---|---|', '| refund | 50 |']
    """
    return [_line(columns), "|" + "---|" * len(columns), *(_line(row) for row in rows)]


def cell(text: Any, width: int | None = None) -> str:
    """Return `code(text, width)` so that it stays in its cell of a table.

    >>> cell("a | b")
    '`a \\\\| b`'
    """
    return code(text, width).replace("\\|", "\\ |").replace("|", r"\|")


def code(text: Any, width: int | None = None) -> str:
    """Return `text` as a code span, in which nothing is a link, an image, a mention or HTML.

    For everything that comes from data, parameters and commits. With `width`, it is cut to so many characters.

    >>> code("![x](http://y) @you")
    '`![x](http://y) @you`'
    """
    line = shown(str(text))
    if width is not None and len(line) > width:
        # Not textwrap.shorten, which cuts at spaces alone: of Chinese or of a long address it would leave nothing.
        line = f"{line[: width - 1].rstrip()}…"
    if not line:
        return ""
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", line)), default=0))
    space = " " * (line[0] == "`" or line[-1] == "`")
    return f"{fence}{space}{line}{space}{fence}"


def shown(text: str) -> str:
    r"""Return `text` in one line, with a question mark for each sign that no screen shows or that turns the direction.

    >>> shown("a\tb \u202ec") == "a b \ufffdc"
    True
    """
    return "".join(sign if _is_shown(sign) else "\ufffd" for sign in " ".join(text.split()))


def _is_shown(sign: str) -> bool:
    return unicodedata.category(sign) not in ("Cc", "Cs") and unicodedata.bidirectional(sign) not in DIRECTIONS


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
