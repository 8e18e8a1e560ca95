"""Markdown tables: whatever a cell holds, it stays one cell."""

import html
import re

import pytest
from markdown_it import MarkdownIt

from tools.markdown_table import cell, code, table

TEXTS = ["plain", "a | b", "two\nlines and a\ttab", "<script>", "  spaces  ", "", "x" * 300, "一" * 300, "word " * 80]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("width", [None, 40])
def test_a_row_has_as_many_cells_as_the_header(text: str, width: int | None) -> None:
    header, rule, row = table(["label", "text"], [["refund", cell(text, width)]])
    assert "\n" not in row
    bars = [line.replace(r"\|", "").count("|") for line in (header, rule, row)]
    assert bars == [3, 3, 3]


@pytest.mark.parametrize("text", [text for text in TEXTS if len(text) > 40])
def test_a_long_text_is_cut_and_something_of_it_is_left(text: str) -> None:
    found = code(text, 40)
    assert len(found) in (41, 42)
    assert found.endswith("…`")
    assert text.startswith(found[1:-2])
    assert code(text) == f"`{text.strip()}`"


def test_what_is_no_text_is_written_as_text() -> None:
    assert code(0.5) == "`0.5`"
    assert code(None) == "`None`"


ACTING = [
    "![x](http://example.org/x.png)",
    "<img src=x onerror=alert(1)>",
    "@octocat and #12 and GH-3",
    "`code` ``and`` more",
    "`",
    "a | b \\| c \\\\| d \\",
    "**bold** _and_ ~~gone~~ [link](javascript:x)",
    "www.example.org http://example.org",
    "</table><script>x</script>",
    "&lt;b&gt;",
]


@pytest.mark.parametrize("text", ACTING)
def test_nothing_in_a_cell_acts(text: str) -> None:
    page = MarkdownIt("commonmark").enable("table").render("\n".join(table(["text"], [[cell(text)]])))
    (shown,) = re.findall(r"<td>(.*?)</td>", page, re.S)
    inside = re.fullmatch(r"<code>(.*)</code>", shown, re.S)
    assert inside, page
    assert html.unescape(inside[1]).replace("\\ |", "\\|") == text


def test_signs_that_a_screen_does_not_show_are_replaced() -> None:
    assert code("a\x1b[31mb\u202ec") == "`a\ufffd[31mb\ufffdc`"
