"""Spelling correction: a noisy channel (Kernighan, Church & Gale 1990) with symspellpy's candidates.

A correction needs evidence. Words that the training rows, the language's list or the checkpoint's vocabulary hold stay
as they are, and so do names, words in capitals and whatever holds a digit. Another word is replaced if a candidate is
likely enough: by its frequency, by the words beside it, and by what its typing errors cost.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

from symspellpy import SymSpell, Verbosity

from textclf.preparation.words import WORD, Words, lower

FAR = 6  # letters from which a word may be two errors away from what was meant
COST = 5.0  # of a typing error, as minus the logarithm of its probability
FIRST, FAR_KEY, SPACE = (
    1.5,
    1.0,
    0.5,
)  # more for a wrong first letter, a key that is not beside, and a missed blank: nats
LIKELY = -16.0  # the least logarithm of the probability of a candidate and its errors
LIKELY_SHORT = -12.0  # the same for words of three letters, which many others are close to
MARKS = ".,;:!?()\"'-"  # around a word, and none of its own
ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


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
        found = list(WORD.finditer(text))
        words = [lower(match.group()) for match in found]
        parts, end = [], 0
        for n, word in enumerate(words):
            start, stop = found[n].span()
            if start < end or self.words.known(word) or not may_be_wrong(text, (start, stop)):
                continue
            before, after = words[n - 1] if n else "", words[n + 1] if n + 1 < len(words) else ""
            if (joined := self._joined(word, after)) and text[stop : found[n + 1].start()] == " ":
                stop = found[n + 1].end()
            elif (joined := self._joined(before, word)) and text[end : found[n].start()].endswith(f"{before} "):
                start = found[n - 1].start()
            parts += [text[end:start], _like(text[start:stop], joined or self._corrected(word, before, after))]
            end = stop
        return "".join([*parts, text[end:]])

    def warm_up(self) -> None:
        """Make the index of the words, so that no answer waits for it."""
        self._candidates("word")

    def _joined(self, first: str, second: str) -> str:
        """Return the training rows' word that a blank has cut in two, or nothing."""
        joined = first + second
        cut = first and second and not (self.words.known(first) and self.words.known(second))
        return joined if cut and len(joined) > 3 and self.words.training[joined] > 1 else ""

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
        distance = 2 if len(word) >= FAR else 1
        near = self._symspell.lookup(word, Verbosity.ALL, max_edit_distance=distance)
        split = [
            (f"{word[:at]} {word[at:]}", COST + SPACE)
            for at in range(1, len(word))
            if self.words.training[word[:at]] > 1 and self.words.training[word[at:]] > 1
        ]
        return [(item.term, error_cost(word, item.term, item.distance)) for item in near] + split

    @cached_property
    def _symspell(self) -> SymSpell:
        symspell = SymSpell(max_dictionary_edit_distance=2)
        for word in {**self.words.language, **self.words.training}:
            symspell.create_dictionary_entry(word, 1)
        return symspell


def may_be_wrong(text: str, span: tuple[int, int]) -> bool:
    """Return whether the word at `span` may be misspelled: no name, no word in capitals, no part of an address or code.

    >>> text = "Hepl! My Xperia uses NFC, see foo.example or a_b"
    >>> [match.group() for match in WORD.finditer(text) if may_be_wrong(text, match.span())]
    ['Hepl', 'My', 'uses', 'see', 'or']
    """
    start, stop = span
    word = text[start:stop]
    if word[1:] != word[1:].lower() or text[stop : stop + 1] in ("'", "’"):
        return False
    if word[0] != word[0].lower() and text[:start].rstrip()[-1:] not in ("", ".", "!", "?"):
        return False
    before, after = text[:start].rpartition(" ")[2], text[stop:].partition(" ")[0]
    around = before.lstrip(MARKS) + after.rstrip(MARKS)
    return not any(sign.isdigit() or sign in "@#_/.\\" for sign in around)


def error_cost(typed: str, meant: str, distance: int) -> float:
    """Return minus the logarithm of the probability of `distance` errors that made `typed` of `meant`.

    An error at the first letter costs more, and so does a key that is not beside the right one.
    """
    cost = COST * distance
    if typed[0] != meant[0] and typed[:2] != meant[1::-1]:
        cost += FIRST
    if len(typed) == len(meant):
        wrong = [(a, b) for a, b in zip(typed, meant, strict=True) if a != b]
        swapped = len(wrong) == 2 and wrong[0] == wrong[1][::-1]
        cost += 0 if swapped else FAR_KEY * sum(not _beside(a, b) for a, b in wrong)
    return cost


def _beside(first: str, second: str) -> bool:
    places = [(row, keys.index(key)) for key in (first, second) for row, keys in enumerate(ROWS) if key in keys]
    return len(places) == 2 and abs(places[0][0] - places[1][0]) <= 1 and abs(places[0][1] - places[1][1]) <= 1


def _like(typed: str, correction: str) -> str:
    """Return the correction with a capital where the typed word begins with one."""
    return correction[:1].upper() + correction[1:] if typed[:1] != typed[:1].lower() else correction
