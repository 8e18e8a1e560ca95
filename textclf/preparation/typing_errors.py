"""What typing errors cost: how much less likely they make it that a word was meant."""

from itertools import groupby, product

COST = 5.0  # of a typing error, as minus the logarithm of its probability
FIRST = 1.5  # more for a wrong first letter, in nats like all of these
FAR_KEY = 1.0  # more for a key that is not beside the right one
SPACE = 0.5  # more for a missed blank
MOST = 3  # letters of a word that may be elongated; what has more of them is no word
ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


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


def slipped(typed: str, meant: str) -> bool:
    """Return whether `typed`, which is near `meant`, has two letters swapped or one typed more than once.

    >>> slipped("paymnet", "payment"), slipped("paymment", "payment"), slipped("eine", "meine"), slipped("bat", "bad")
    (True, True, False, False)
    """
    once = [[letter for letter, _ in groupby(word)] for word in (typed, meant)]
    return sorted(typed) == sorted(meant) or (len(typed) > len(meant) and once[0] == once[1])


def shortened(word: str) -> list[tuple[str, float]]:
    """Return the words that an elongated one may stand for, which has a letter three times or more in a row.

    They have that letter twice, or once, which costs an error. What consists of a single letter is not elongated.

    >>> shortened("tooo"), shortened("xxxx"), shortened("good")
    ([('to', 5.0), ('too', 0.0)], [], [])
    """
    runs = [(letter, len(list(same))) for letter, same in groupby(word)]
    elongated = sum(length > 2 for _, length in runs)
    if not 0 < elongated <= MOST or len(runs) == 1:
        return []
    forms = product(*(((a, COST), (a * 2, 0.0)) if n > 2 else ((a * n, 0.0),) for a, n in runs))
    return [("".join(part for part, _ in form), sum(cost for _, cost in form)) for form in forms]


def _beside(first: str, second: str) -> bool:
    places = [(row, keys.index(key)) for key in (first, second) for row, keys in enumerate(ROWS) if key in keys]
    return len(places) == 2 and abs(places[0][0] - places[1][0]) <= 1 and abs(places[0][1] - places[1][1]) <= 1
