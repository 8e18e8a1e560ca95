"""What a comparison could have found, and what would find more: seeds or rows."""

import math

from scipy.stats import norm
from scipy.stats import t as student

from tools.stats.difference import Difference

POWER = 0.8
MOST_SEEDS = 50


def detectable_difference(found: Difference, rows: int) -> float:
    """Return the smallest true difference in accuracy that a comparison like `found` shows in 80% of cases.

    A difference of d flips at least d of the rows, so its variance is at least that of so many flips, with as few
    degrees of freedom: sqrt(variance) * (t_0.975 + z_0.8) = d, solved by stepping through flips.
    """
    variance, freedom = float(found.standard_error) ** 2, float(found.freedom)
    for flips in range(1, rows):
        d = flips / rows
        least = d * (1 - d) / rows
        degrees = max(1.0, flips - 1) if least > variance else freedom
        reach = float(student.ppf(0.975, degrees) + norm.ppf(POWER))
        if reach * math.sqrt(max(variance, least)) <= d:
            return d
    return 1.0


def seeds_needed(found: Difference, seeds: int, rows: int, effect: float) -> int | None:
    """Return how many seeds a side show a true difference of `effect` in 80% of cases; None if no number does.

    `seeds` is the number a side that `found` has. More seeds leave the rows' part of the variance as it is, which is at
    least that of the rows that such a difference flips.
    """
    for number in range(2, MOST_SEEDS + 1):
        least = effect * (1 - effect) / rows
        variance = max(least, float(found.rows)) + float(found.seeds) * seeds / number
        reach = float(student.ppf(0.975, 2 * (number - 1)) + norm.ppf(POWER))
        if reach * math.sqrt(variance) <= effect:
            return number
    return None


def rows_needed(found: Difference, rows: int, effect: float) -> int | None:
    """Return how many test rows show a true difference of `effect` in 80% of cases, with the seeds that there are.

    More rows leave the seeds' part of the variance as it is; None if that alone is too much.
    """
    reach = float(norm.ppf(0.975) + norm.ppf(POWER))
    room = (effect / reach) ** 2 - float(found.seeds)
    return math.ceil(rows * float(found.rows) / room) if room > 0 else None


def rows_to_rule_out(found: Difference, rows: int, room: float) -> int | None:
    """Return how many test rows bring the interval's end within `room` of the difference.

    None if seeds forbid it, or if so few rows flip that the interval is wide for another reason: then nothing is known
    of a number.
    """
    if room <= 0:
        return None
    left = (room / float(norm.ppf(0.975))) ** 2 - float(found.seeds)
    wanted = math.ceil(rows * float(found.rows) / left) if left > 0 else 0
    return wanted if wanted > rows else None
