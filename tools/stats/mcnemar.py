"""Is a difference in accuracy real? McNemar's exact test, and the smallest difference that a test set can detect."""

import math

from scipy.optimize import brentq
from scipy.stats import binomtest, norm


def mcnemar(fixed: int, broken: int) -> float:
    """Return the two-sided exact p of McNemar's test (1947): are as many rows fixed as broken?

    Under no difference each discordant row is fixed or broken with probability 1/2. Without one, p is 1.

    >>> round(mcnemar(41, 19), 4)
    0.0062
    """
    return float(binomtest(fixed, fixed + broken).pvalue) if fixed + broken else 1.0


def detectable_difference(rows: int, discordant: float, power: float = 0.8, alpha: float = 0.05) -> float:
    """Return the smallest difference in accuracy that McNemar's test finds with `power`, as a share of the rows.

    `discordant` is the share of rows that one side gets right and the other wrong. From Connor (1987), Biometrics 43:
    rows = (z_alpha sqrt(psi) + z_power sqrt(psi - d^2))^2 / d^2, solved for d. NaN without
    discordant rows. If even all of them going one way would not be detected, it is their share.
    """
    if discordant == 0:
        return math.nan
    z_alpha, z_power = norm.ppf(1 - alpha / 2), norm.ppf(power)

    def excess(d: float) -> float:
        return float(rows * d**2 - (z_alpha * math.sqrt(discordant) + z_power * math.sqrt(discordant - d**2)) ** 2)

    largest = min(discordant, math.sqrt(discordant))
    return largest if excess(largest) < 0 else float(brentq(excess, 0.0, largest))
