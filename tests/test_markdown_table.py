"""Markdown tables: whatever a cell holds, it stays one cell."""

import pytest

from tools.markdown_table import cell, table

TEXTS = ["plain", "a | b", "two\nlines and a\ttab", "<script>", "  spaces  ", "", "x" * 300, "一" * 300, "word " * 80]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("width", [None, 40])
def test_a_row_has_as_many_cells_as_the_header(text: str, width: int | None) -> None:
    header, rule, row = table(["label", "text"], [["refund", cell(text, width)]])
    assert "\n" not in row
    assert "<" not in row
    bars = [line.replace(r"\|", "").count("|") for line in (header, rule, row)]
    assert bars == [3, 3, 3]


@pytest.mark.parametrize("text", [text for text in TEXTS if len(text) > 40])
def test_a_long_text_is_cut_and_something_of_it_is_left(text: str) -> None:
    found = cell(text, 40)
    assert len(found) in (39, 40)
    assert found.endswith("…")
    assert text.startswith(found[:-1])
    assert cell(text) == text.strip()


def test_what_is_no_text_is_written_as_text() -> None:
    assert cell(0.5) == "0.5"
    assert cell(None) == "None"
