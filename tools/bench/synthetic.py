"""Made-up rows for measuring growth: texts with the word frequencies of real ones, and labels that can be learned."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

LABELS = 77
SHORTEST, LONGEST = 5, 40  # words a text
MEAN = 16  # words a text, about
HEAPS = 30  # a vocabulary of 30 * sqrt(words): Heaps' law with an exponent of 0.5
FIRST_TOPIC, TOPIC = 300, 60  # each label has 60 words of its own, none of the 300 most frequent
TOPIC_SHARE = 0.25  # of a text's words are its label's
WRONG = 0.05  # of the rows have another label's words
COPIES = 0.02  # of the rows are the row before with one more word: near-duplicates
BLOCK = 10_000  # rows at a time
SYLLABLES = [first + second for first in "bcdfghjklmnprstvz" for second in ("a", "e", "i", "o", "u", "ar", "en", "is")]

Numbers = NDArray[np.int64]


def word(number: int) -> str:
    """Return the word of a rank; frequent words are short.

    >>> word(0), word(136), word(50_000)
    ('ba', 'baba', 'bepenpa')
    """
    syllables = SYLLABLES[number % len(SYLLABLES)]
    while number >= len(SYLLABLES):
        number = number // len(SYLLABLES) - 1
        syllables = SYLLABLES[number % len(SYLLABLES)] + syllables
    return syllables


def vocabulary_size(rows: int) -> int:
    """Return how many words texts of so many rows are made of.

    >>> vocabulary_size(10_000), vocabulary_size(1_000_000)
    (12000, 120000)
    """
    return max(FIRST_TOPIC + LABELS * TOPIC, round(HEAPS * math.sqrt(rows * MEAN)))


def texts(rows: int, seed: int) -> Iterator[tuple[str, int]]:
    """Yield text and label number of each row; the same for the same arguments."""
    random, words = np.random.default_rng(seed), np.array([word(rank) for rank in range(vocabulary_size(rows))])
    frequency, of_topic = _zipf(len(words)), _zipf(TOPIC)
    last = ""
    for start in range(0, rows, BLOCK):
        size = min(BLOCK, rows - start)
        labels = random.integers(0, LABELS, size)
        lengths = np.clip(random.gamma(2.0, (MEAN - SHORTEST) / 2, size).astype(np.int64) + SHORTEST, SHORTEST, LONGEST)
        meant = np.where(random.random(size) < WRONG, random.integers(0, LABELS, size), labels)
        ranks = _ranks(random, np.repeat(meant, lengths), frequency, of_topic)
        copied = random.random(size) < COPIES
        for number, part in enumerate(np.split(words[ranks], np.cumsum(lengths)[:-1])):
            text = f"{last} {part[0]}" if copied[number] and last else " ".join(part)
            yield text, int(labels[number])
            last = text


def write_csv(path: Path, rows: int, seed: int) -> None:
    """Write the rows as a CSV with the columns text and label."""
    with path.open("w", encoding="utf-8") as file:
        file.write("text,label\n")
        file.writelines(f"{text},label_{label:02d}\n" for text, label in texts(rows, seed))


def _ranks(random: np.random.Generator, topics: Numbers, frequency: Any, of_topic: Any) -> Numbers:
    """Return the rank of each word: of all words, or of its text's topic."""
    ranks = np.searchsorted(frequency, random.random(len(topics)))
    own = FIRST_TOPIC + topics * TOPIC + np.searchsorted(of_topic, random.random(len(topics)))
    return np.where(random.random(len(topics)) < TOPIC_SHARE, own, ranks)


def _zipf(size: int) -> NDArray[np.float64]:
    """Return the cumulative shares of words by rank (Zipf's law, shifted by 2.7 as Mandelbrot has it)."""
    shares = 1 / (np.arange(size) + 2.7)
    return np.asarray(np.cumsum(shares) / shares.sum()).clip(max=1 - 1e-15)
