"""The words that spelling correction knows: those of the training rows, a language's, and a checkpoint's."""

import csv
import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
LONGEST = 40  # letters of a word that may be wrong
LISTS = {"en": "frequency_dictionary_en_82_765.txt"}  # of symspellpy
TRAINING_SHARE = 0.9  # of a word's probability, where a language's list has the rest
PAIR_SHARE = 0.5  # of a word's probability beside a word with which it stands in the training rows
WORDS_FILE, PAIRS_FILE = "words.csv", "pairs.csv"


@dataclass(frozen=True)
class Words:
    """Counts of words and of pairs of neighbors in the training rows, counts in a language, and other known words."""

    training: Counter[str]
    pairs: Counter[tuple[str, str]] = field(repr=False)
    language: Counter[str] = field(repr=False)
    vocabulary: frozenset[str] = field(repr=False)

    @cached_property
    def totals(self) -> tuple[int, int]:
        """The numbers of words that were counted in the training rows and in the language."""
        return max(1, self.training.total()), max(1, self.language.total())

    def known(self, word: str) -> bool:
        """Return whether the lower-case `word` is a word, so that it stays."""
        whole = word.removesuffix("'s")
        return any(name in known for name in (word, whole) for known in (self.training, self.language, self.vocabulary))

    def log_probability(self, word: str, before: str = "", after: str = "") -> float:
        """Return the logarithm of the probability of `word` between its neighbors, both lower-case."""
        training, language = self.totals
        share = TRAINING_SHARE if self.language else 1.0
        alone = share * self.training[word] / training + (1 - share) * self.language[word] / language
        return sum(
            self._beside(alone, pair, other) for pair, other in (((before, word), before), ((word, after), after))
        )

    def _beside(self, alone: float, pair: tuple[str, str], other: str) -> float:
        if not self.training[other]:
            return math.log(alone) / 2
        together = self.pairs[pair] / self.training[other]
        return math.log((1 - PAIR_SHARE) * alone + PAIR_SHARE * together) / 2

    def save(self, folder: Path) -> None:
        """Write the words in order, each with its counts, and every pair of neighbors with its count."""
        names = sorted({*self.training, *self.language, *self.vocabulary})
        rows = ((name, self.training[name], self.language[name]) for name in names)
        _write(folder / WORDS_FILE, ("word", "training", "language"), rows)
        pairs = ((*pair, count) for pair, count in sorted(self.pairs.items()))
        _write(folder / PAIRS_FILE, ("word", "next", "training"), pairs)


def load(folder: Path) -> Words:
    """Return the words that were saved."""
    rows = [(name, int(training), int(language)) for name, training, language in _read(folder / WORDS_FILE)]
    return Words(
        Counter({name: count for name, count, _ in rows if count}),
        Counter({(first, second): int(count) for first, second, count in _read(folder / PAIRS_FILE)}),
        Counter({name: count for name, _, count in rows if count}),
        frozenset(name for name, training, language in rows if not training and not language),
    )


def learn(texts: Iterable[str], language: str | None, vocabulary: Iterable[str]) -> Words:
    """Return the words of the training rows' `texts`, of a language in `LISTS`, and of a checkpoint's vocabulary.

    Words of more than `LONGEST` letters are left out, since nothing corrects them, and so are pairs with one.

    >>> words = learn(["Where is my card?", "my card is lost"], None, ["parcel", "##el"])
    >>> words.training["card"], words.pairs["my", "card"], words.known("parcel"), words.known("el")
    (2, 2, True, False)
    """
    training, pairs = Counter[str](), Counter[tuple[str, str]]()
    for text in texts:
        found = [lower(word) if len(word) <= LONGEST else "" for word in WORD.findall(text)]
        training.update(filter(None, found))
        pairs.update(filter(all, pairwise(found)))
    whole = frozenset(word for word in vocabulary if 1 < len(word) <= LONGEST and WORD.fullmatch(word))
    return Words(training, pairs, _language(language) if language else Counter(), whole)


def lower(word: str) -> str:
    """Return `word` as the counts have it: in lower case, with a straight apostrophe."""
    return word.lower().replace("’", "'")


def whole_words(vocabulary: Iterable[str]) -> list[str]:
    """Return the entries of a tokenizer's vocabulary that are whole words in lower case, not pieces.

    In a vocabulary that marks where a word begins (`Ġ` or `▁`), these are the marked ones; else those without `##`.

    >>> whole_words(["card", "##ed", "[CLS]"]), whole_words(["Ġcard", "ed", "▁Card"])
    (['card'], ['card'])
    """
    names = list(vocabulary)
    marked = [name[1:] for name in names if name[:1] in "Ġ▁" and len(name) > 1]
    whole = marked or [name for name in names if not name.startswith("##")]
    return sorted({name.lower() for name in whole if WORD.fullmatch(name)})


def _language(code: str) -> Counter[str]:
    lines = (files("symspellpy") / LISTS[code]).read_text(encoding="utf-8-sig").splitlines()
    return Counter({word: int(count) for word, count in (line.split(" ") for line in lines if line)})


def _write(path: Path, header: tuple[str, ...], rows: Iterable[tuple[str | int, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _read(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]
