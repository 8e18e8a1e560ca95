"""Markdown tables, for every page and card alike."""

from collections.abc import Iterable, Sequence
from typing import Any


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table; the cells are Markdown already.

    >>> table(["label", "rows"], [["refund", "50"]])
    ['| label | rows |', '|---|---|', '| refund | 50 |']
    """
    return [_line(columns), "|" + "---|" * len(columns), *(_line(row) for row in rows)]


def cell(text: Any, width: int | None = None) -> str:
    """Return `text` so that it stays in its cell and is no markup; with `width`, cut to so many characters.

    >>> cell("a | b\\n<c>")
    'a \\\\| b &lt;c>'
    """
    line = " ".join(str(text).split())
    if width is not None and len(line) > width:
        # Not textwrap.shorten, which cuts at spaces alone: of Chinese or of a long address it would leave nothing.
        line = f"{line[: width - 1].rstrip()}…"
    return line.replace("|", r"\|").replace("<", "&lt;")


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
