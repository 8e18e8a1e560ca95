"""What the changes draw from: keyboards, misspellings, greetings, thanks, emojis."""

from dataclasses import dataclass
from pathlib import Path

from textclf.changes.keyboards import Neighbors


@dataclass(frozen=True)
class WordLists:
    """Two of these exist, and have nothing in common: one for the stage `robustness`, one for training.

    `misspellings` holds the ways to misspell a word, all in lower case; `greetings` are put in front of a text,
    `thanks` and `emojis` behind it.
    """

    keyboards: tuple[Neighbors, ...]
    misspellings: dict[str, tuple[str, ...]]
    greetings: tuple[str, ...]
    thanks: tuple[str, ...]
    emojis: tuple[str, ...]


def read_misspellings(path: Path) -> dict[str, tuple[str, ...]]:
    """Return the ways to misspell each word: `path` has a line of word and misspellings, lines after # are comments."""
    lines = (line.split() for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    return {word: tuple(wrong) for word, *wrong in lines}
