"""Texts changed as people type them: the same change of the same text each time, in named ways."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

from textclf.changes.typos import type_badly
from textclf.changes.word_lists import WordLists

WORDS = re.compile(r"\w[\w\u0300]*(?:['’ʼ-]\w[\w\u0300]*)*")  # every combining mark is U+0300
LETTERS = re.compile(r"[^\W\d_]+")
APOSTROPHE = re.compile(r"(?<=\w)['’ʼ](?=\w)")
MARK = r"""[.,;:!?…"“”„«»()\[\]{}¿¡–—-]"""
# Not inside of 3.50 or a.b@c.com. Only whole runs of marks are tried, or the time would grow with a run's square.
PUNCTUATION = re.compile(rf"(?<!\S){MARK}++\s*|(?<!{MARK}){MARK}++(?!\S)|[。，、！？；：「」]")
SPACE = re.compile(r"(?<=[^\W_]) (?=[^\W_])")
DIGITS = "0123456789"
NUMBER = re.compile(r"[0-9]+")

T = TypeVar("T")


def apply_change(name: str, text: str, key: str, words: WordLists) -> str:
    """Return `text` changed in the way `name`, one of `CHANGES`, with draws that `key` and `name` alone decide.

    A text that has nothing to change, such as digits, comes back as it is. So does one that the change would empty.

    >>> from textclf.changes.report import REPORT
    >>> apply_change("no_punctuation", "Where is it? It's late, 3.50 paid.", "row 1", REPORT)
    "Where is it It's late 3.50 paid"
    >>> apply_change("typo", "where is my parcel?", "row 1", REPORT)
    'where is my parcle?'
    """
    changed = _CHANGES[name](text, Random(f"{name}\n{key}"), words)
    return changed if changed.strip() else text


def _typo(text: str, rng: Random, words: WordLists) -> str:
    return type_badly(text, rng, words.keyboards, 1)


def _two_typos(text: str, rng: Random, words: WordLists) -> str:
    return type_badly(text, rng, words.keyboards, 2)


def _misspelling(text: str, rng: Random, words: WordLists) -> str:
    """Misspell one of the words that the list has, in the case of the right one."""
    known = [match for match in LETTERS.finditer(text) if match[0].lower() in words.misspellings]
    if not known:
        return text
    match = _pick(rng, known)
    wrong = _pick(rng, words.misspellings[match[0].lower()])
    if match[0].isupper() and len(match[0]) > 1:
        wrong = wrong.upper()
    elif match[0][0].isupper():
        wrong = wrong.capitalize()
    return text[: match.start()] + wrong + text[match.end() :]


def _word_dropped(text: str, rng: Random, words: WordLists) -> str:
    """Leave out a word with the space before it, if there are two or more."""
    # Vowel signs and accents are combining marks, which \w leaves out; as one of them, a pattern can name them all.
    marked = "".join("\u0300" if unicodedata.category(sign).startswith("M") else sign for sign in text)
    found = list(WORDS.finditer(marked))
    if len(found) < 2:
        return text
    match = _pick(rng, found)
    before, after = text[: match.start()], text[match.end() :]
    return before.rstrip() + after if before else after.lstrip()


def _no_punctuation(text: str, rng: Random, words: WordLists) -> str:
    return PUNCTUATION.sub("", text)


def _no_apostrophes(text: str, rng: Random, words: WordLists) -> str:
    return APOSTROPHE.sub("", text)


def _case(text: str, rng: Random, words: WordLists) -> str:
    return text.upper()


def _greeting(text: str, rng: Random, words: WordLists) -> str:
    return f"{_pick(rng, words.greetings)} {text}"


def _thanks(text: str, rng: Random, words: WordLists) -> str:
    return f"{text} {_pick(rng, words.thanks)}"


def _emoji(text: str, rng: Random, words: WordLists) -> str:
    return f"{text} {_pick(rng, words.emojis)}"


def _spaces(text: str, rng: Random, words: WordLists) -> str:
    """Double a space between two words, leave it out, or type it a letter too early or too late."""
    spaces = [match.start() for match in SPACE.finditer(text)]
    if not spaces:
        return text
    at = _pick(rng, spaces)
    before, after = text[:at], text[at + 1 :]
    early, late = f"{before[:-1]} {before[-1]}{after}", f"{before}{after[0]} {after[1:]}"
    return _pick(rng, (f"{before}  {after}", before + after, early, late))


def _numbers(text: str, rng: Random, words: WordLists) -> str:
    """Replace each digit by another one; a 0 in front of others stays, and no other number starts with one."""

    def other(match: re.Match[str]) -> str:
        first, rest = match[0][0], match[0][1:]
        kept = first == "0" and rest
        start = first if kept else _other(rng, first, DIGITS if first == "0" else DIGITS[1:])
        return start + "".join(_other(rng, digit, DIGITS) for digit in rest)

    return NUMBER.sub(other, text)


def _other(rng: Random, digit: str, digits: str) -> str:
    return _pick(rng, digits.replace(digit, ""))


def _pick(rng: Random, options: Sequence[T]) -> T:
    return options[int(rng.random() * len(options))]


_CHANGES: dict[str, Callable[[str, Random, WordLists], str]] = {
    "typo": _typo,
    "two_typos": _two_typos,
    "misspelling": _misspelling,
    "word_dropped": _word_dropped,
    "no_punctuation": _no_punctuation,
    "no_apostrophes": _no_apostrophes,
    "case": _case,
    "greeting": _greeting,
    "thanks": _thanks,
    "emoji": _emoji,
    "spaces": _spaces,
    "numbers": _numbers,
}
CHANGES = tuple(_CHANGES)
