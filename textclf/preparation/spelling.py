"""Spelling correction: a noisy channel (Kernighan, Church & Gale 1990) with symspellpy's candidates.

A correction needs evidence. Words that the training rows, the language's list or the checkpoint's vocabulary hold stay
as they are, and so do names, words in capitals and whatever holds a digit. Another word is replaced if a candidate is
likely enough: by its frequency, by the words beside it, and by what its typing errors cost.

Only a list of words tells an error from a word that the training rows lack, such as another form of one that they hold.
Without a list, two letters must be swapped, one typed more than once, or a blank missed or typed within a word, and
the training rows must hold what was meant `OFTEN`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

from symspellpy import SymSpell, Verbosity

from textclf.preparation.doubts import Occurrence, occurrences
from textclf.preparation.typing_errors import COST, SPACE, error_cost, shortened, slipped
from textclf.preparation.words import Words

FAR = 6  # letters from which a word may be two errors away from what was meant
LIKELY = -16.0  # the least logarithm of the probability of a candidate and its errors
LIKELY_SHORT = -12.0  # the same for words of three letters, which many others are close to
OFTEN = 5  # times in the training rows
NOTHING = Occurrence(0, 0, "", False)  # before the first word and after the last one
DOUBLED = re.compile(r"(?<=\w) {2,}+(?=\w)")


@dataclass(frozen=True)
class Spelling:
    """A corrector that knows some words."""

    words: Words

    def __reduce__(self) -> tuple[type["Spelling"], tuple[Words]]:
        """Leave out what is computed when it is needed, some of which can't be sent to another process."""
        return Spelling, (self.words,)

    def __call__(self, text: str) -> str:
        """Return `text` with its misspelled words corrected.

        >>> from textclf.preparation.words import learn
        >>> correct = Spelling(learn(["where is my card", "my card is lost"] * 20, None, []))
        >>> correct("Wehre is mycard? DHL has the ca rd, order 4711x")
        'Where is my card? DHL has the card, order 4711x'
        """
        text = DOUBLED.sub(" ", text)
        found = occurrences(text)
        parts, end = [], 0
        for n, (start, stop, word, doubtful) in enumerate(found):
            if start < end or not doubtful or self.words.known(word):
                continue
            start, stop, meant = self._meant(text, found, n, end)
            if meant != word:
                parts += [text[end:start], _like(text[start:stop], meant)]
                end = stop
        return "".join([*parts, text[end:]])

    def warm_up(self) -> None:
        """Make the index of the words, so that no answer waits for it."""
        self._candidates("word")

    def _meant(self, text: str, found: list[Occurrence], n: int, end: int) -> tuple[int, int, str]:
        """Return the place of the `n`-th word, or of the two that a blank has made of one, and what was meant there.

        What is before `end` is corrected already.
        """
        start, stop, word, _ = found[n]
        before = found[n - 1] if n else NOTHING
        after = found[n + 1] if n + 1 < len(found) else NOTHING
        if after.doubtful and (joined := self._joined(word, after.word)) and text[stop : after.start] == " ":
            return start, after.stop, joined
        if before.doubtful and (joined := self._joined(before.word, word)):
            cut = before.start >= end and text[before.stop : start] == " "
            return (before.start, stop, joined) if cut else (start, stop, word)
        return start, stop, self._corrected(word, before.word, after.word)

    def _joined(self, first: str, second: str) -> str:
        """Return the training rows' word that a blank has cut in two, or nothing."""
        joined = first + second
        cut = first and second and not (self.words.known(first) and self.words.known(second))
        least = 2 if self.words.language else OFTEN
        return joined if cut and len(joined) > 3 and self.words.training[joined] >= least else ""

    def _corrected(self, word: str, before: str, after: str) -> str:
        scored = [
            (self._score(candidate, before, after) - cost, candidate) for candidate, cost in self._candidates(word)
        ]
        best, candidate = max(scored, default=(float("-inf"), word))
        return candidate if best >= (LIKELY_SHORT if len(word) <= 3 else LIKELY) else word

    def _score(self, candidate: str, before: str, after: str) -> float:
        first, _, second = candidate.partition(" ")
        if not second:
            return self.words.log_probability(first, before, after)
        return self.words.log_probability(first, before, second) + self.words.log_probability(second, first, after)

    @cached_property
    def _candidates(self) -> Callable[[str], list[tuple[str, float]]]:
        """From a word to what may have been meant, with the cost of the errors; computed once a word."""
        return lru_cache(maxsize=100_000)(self._find_candidates)

    def _find_candidates(self, word: str) -> list[tuple[str, float]]:
        if len(word) < 3:
            return []
        distance = 2 if len(word) >= FAR and self.words.language else 1
        near = self._symspell.lookup(word, Verbosity.ALL, max_edit_distance=distance)
        meant = [item for item in near if self._may_be_meant(word, item.term)]
        short = [(form, cost) for form, cost in shortened(word) if self._may_be_elongated(word, form)]
        cut = ((word[:at], word[at:]) for at in range(1, len(word)))
        split = [(f"{first} {second}", COST + SPACE) for first, second in cut if self._may_be_two(first, second)]
        return [(item.term, error_cost(word, item.term, item.distance)) for item in meant] + split + short

    def _may_be_meant(self, typed: str, meant: str) -> bool:
        slip = len(typed) > 3 and slipped(typed, meant)
        return bool(self.words.language) or (slip and self.words.training[meant] >= OFTEN)

    def _may_be_elongated(self, typed: str, meant: str) -> bool:
        return self.words.training[meant] > 0 and self._may_be_meant(typed, meant)

    def _may_be_two(self, first: str, second: str) -> bool:
        if self.words.language:
            return self.words.training[first] > 1 and self.words.training[second] > 1
        return self.words.pairs[first, second] >= OFTEN

    @cached_property
    def _symspell(self) -> SymSpell:
        symspell = SymSpell(max_dictionary_edit_distance=2)
        for word in {**self.words.language, **self.words.training}:
            symspell.create_dictionary_entry(word, 1)
        return symspell


def _like(typed: str, correction: str) -> str:
    """Return the correction with a capital where the typed word begins with one."""
    return correction[:1].upper() + correction[1:] if typed[:1] != typed[:1].lower() else correction
