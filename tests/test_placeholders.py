"""Placeholders against texts that were marked by hand: how many of the spans are found, and how many are right."""

import re

import pytest

from tests.conftest import ROOT
from textclf.preparation.placeholders import AMOUNTS, DATES, NUMBERS

PATTERNS = {"amount": AMOUNTS, "date": DATES, "number": NUMBERS}
MARK = re.compile(r"\[(amount|date|number): ([^]]*)\]")
Span = tuple[int, int, str]


def marked(line: str) -> tuple[str, list[Span]]:
    """Return the text of a line and its spans."""
    text, spans, end = "", [], 0
    for match in MARK.finditer(line):
        text += line[end : match.start()]
        spans.append((len(text), len(text) + len(match[2]), match[1]))
        text, end = text + match[2], match.end()
    return text + line[end:], spans


def found(text: str) -> list[Span]:
    """Return what the steps amounts, dates and numbers replace, one after the other."""
    spans: list[Span] = []
    for kind, pattern in PATTERNS.items():
        free = [m.span() for m in pattern.finditer(text) if not any(a < m.end() and m.start() < b for a, b, _ in spans)]
        spans += [(*span, kind) for span in free]
    return spans


def overlap(one: Span, other: Span) -> bool:
    return one[2] == other[2] and one[0] < other[1] and other[0] < one[1]


@pytest.mark.parametrize(
    ("kind", "right", "found_spans", "spans"),
    [("amount", 72, 72, 86), ("date", 8, 8, 10), ("number", 20, 29, 22)],
)
def test_precision_and_recall_are_those_of_the_docs(kind: str, right: int, found_spans: int, spans: int) -> None:
    lines = [line for line in (ROOT / "tests/marked_texts.txt").read_text("utf-8").splitlines() if line[0] != "#"]
    assert len(lines) == 200
    pairs = [(expected, found(text)) for text, expected in map(marked, lines)]
    wanted = [sum(span[2] == kind for span in expected) for expected, _ in pairs]
    got = [[span for span in spans if span[2] == kind] for _, spans in pairs]
    hits = sum(
        any(overlap(span, own) for own in expected)
        for (expected, _), own in zip(pairs, got, strict=True)
        for span in own
    )
    assert (hits, sum(map(len, got)), sum(wanted)) == (right, found_spans, spans)
    cells = f"| `{kind}s` | {hits / sum(map(len, got)):.2f} | {hits / sum(wanted):.2f} |"
    assert cells in (ROOT / "docs/robustness.md").read_text("utf-8")
