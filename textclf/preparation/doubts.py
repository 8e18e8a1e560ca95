"""Which words of a text may be misspelled: no names, no words in capitals, no parts of addresses and codes.

Only words of alphabets whose errors are known stay in doubt: a clause of Chinese or Japanese has no blanks and would
count as one word, and in Arabic or Hebrew a single letter makes another word.
"""

import re
from typing import NamedTuple

from textclf.preparation.words import LONGEST, WORD, lower

ALPHABETS = re.compile(r"[A-Za-z\u00c0-\u052f\u1e00-\u1fff'’]+")  # words in Latin, Greek or Cyrillic letters
PART = re.compile(r"\S+")
SIZE = "xx"  # such as xxl; no word begins so
MARKS = ".,;:!?()\"'-"  # around a word, and none of its own


class Occurrence(NamedTuple):
    """A word at a place of a text, in lower case, and whether it may be misspelled."""

    start: int
    stop: int
    word: str
    doubtful: bool


def occurrences(text: str) -> list[Occurrence]:
    """Return the words of `text`.

    >>> text = "Hepl! My Xperia uses NFC, see foo.example or a_b"
    >>> [found.word for found in occurrences(text) if found.doubtful]
    ['hepl', 'my', 'uses', 'see', 'or']
    """
    return [
        Occurrence(*match.span(), lower(match[0]), not code and may_be_wrong(text, *match.span()))
        for span, code in ((part.span(), is_code(part[0])) for part in PART.finditer(text))
        for match in WORD.finditer(text, *span)
    ]


def is_code(part: str) -> bool:
    """Return whether a part of a text between blanks is an address, a code or another thing that is no plain word.

    >>> is_code("foo.example"), is_code("4711x"), is_code("'Hepl!'")
    (True, True, False)
    """
    return any(sign.isdigit() or sign in "@#_/.\\" for sign in part.strip(MARKS))


def may_be_wrong(text: str, start: int, stop: int) -> bool:
    """Return whether the word at a place of `text` may be misspelled, going by its letters and their case."""
    word = text[start:stop]
    if len(word) > LONGEST or not ALPHABETS.fullmatch(word):
        return False
    if word[1:] != word[1:].lower() or word[:2].lower() == SIZE or text[stop : stop + 1] in ("'", "’"):
        return False
    return word[0] == word[0].lower() or _begins_a_sentence(text, start)


def _begins_a_sentence(text: str, start: int) -> bool:
    while start and text[start - 1].isspace():
        start -= 1
    return not start or text[start - 1] in ".!?"
