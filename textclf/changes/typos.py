"""Typing errors: a key beside the right one, a letter left out, two swapped or one doubled, a missed space.

Errors at the start of a word are rare: 1% to 15% of all, in the studies that Kukich (1992), "Techniques for
automatically correcting words in text", compares. How often each kind occurs is our estimate.
"""

import re
from random import Random

from textclf.changes.keyboards import Neighbors

WORD = re.compile(r"[^\W\d_]{3,}")
AT_START = 0.05


def type_badly(text: str, rng: Random, keyboards: tuple[Neighbors, ...], errors: int) -> str:
    """Return `text` with so many typing errors, each in another word of three letters or more while there are such.

    Long words are hit more often. A text without such a word stays as it is.
    """
    near = keyboards[int(rng.random() * len(keyboards))]
    spans = [match.span() for match in WORD.finditer(text)]
    chosen = []
    for _ in range(min(errors, len(spans))):
        chosen.append(spans.pop(_weighted(rng, [end - start for start, end in spans])))
    for start, end in sorted(chosen, reverse=True):  # from the end, so that the other spans stay right
        text = _one_error(text, start, end, rng, near)
    return text


def _one_error(text: str, start: int, end: int, rng: Random, near: Neighbors) -> str:
    """Return `text` with an error in one word; where a kind of error changes nothing, the next one is tried."""
    at = start if rng.random() < AT_START else start + 1 + int(rng.random() * (end - start - 1))
    first = _weighted(rng, WEIGHTS)
    for kind in (*KINDS[first:], *KINDS[:first]):
        changed = kind(text, start, end, at, rng, near)
        if changed != text:
            return changed
    raise AssertionError("a letter can always be left out")


def _neighbor(text: str, start: int, end: int, at: int, rng: Random, near: Neighbors) -> str:
    beside = near.get(text[at].lower())
    if beside is None:  # a letter that the keyboard doesn't have
        return text
    letter = beside[int(rng.random() * len(beside))]
    return text[:at] + (letter.upper() if text[at].isupper() else letter) + text[at + 1 :]


def _missed(text: str, start: int, end: int, at: int, rng: Random, near: Neighbors) -> str:
    return text[:at] + text[at + 1 :]


def _swapped(text: str, start: int, end: int, at: int, rng: Random, near: Neighbors) -> str:
    at = min(at, end - 2)
    first, second = text[at], text[at + 1]
    if first.isupper() and second.islower():  # the capital stays in front, also one that is two letters in lower case
        first, second = first.lower(), second.upper()
    return text[:at] + second + first + text[at + 2 :]


def _doubled(text: str, start: int, end: int, at: int, rng: Random, near: Neighbors) -> str:
    return text[:at] + text[at] + text[at:]


def _missed_space(text: str, start: int, end: int, at: int, rng: Random, near: Neighbors) -> str:
    if text[end : end + 1] == " " and text[end + 1 : end + 2].isalnum():
        return text[:end] + text[end + 1 :]
    if start > 1 and text[start - 1] == " " and text[start - 2].isalnum():
        return text[: start - 1] + text[start:]
    return text


def _weighted(rng: Random, weights: list[int]) -> int:
    """Return a position in `weights`, drawn with these chances."""
    drawn = rng.random() * sum(weights)
    for position, weight in enumerate(weights):
        drawn -= weight
        if drawn < 0:
            return position
    return len(weights) - 1


KINDS = (_neighbor, _missed, _swapped, _doubled, _missed_space)
WEIGHTS = [30, 25, 20, 15, 10]  # percent of the errors
