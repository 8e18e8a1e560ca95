"""What more rows would bring: a power law of the error over the number of training rows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import curve_fit


@dataclass(frozen=True)
class PowerLaw:
    """error = floor + scale * rows ** -exponent (Hestness et al. 2017)."""

    floor: float
    scale: float
    exponent: float

    def accuracy(self, rows: float) -> float:
        """Return the accuracy with so many training rows."""
        return float(1 - self.floor - self.scale * rows**-self.exponent)


def fit_power_law(rows: ArrayLike, accuracies: ArrayLike) -> PowerLaw:
    """Return the law that is nearest to the measured accuracies by least squares.

    It has three numbers, so with fewer different numbers of rows it is unknown: nan.

    >>> law = fit_power_law([100, 200, 400, 800], [1 - 0.05 - 2 * n**-0.5 for n in (100, 200, 400, 800)])
    >>> round(law.accuracy(1600), 3)
    0.9
    """
    if len(np.unique(np.asarray(rows))) < 3:
        return PowerLaw(float("nan"), float("nan"), float("nan"))
    number, errors = np.asarray(rows, dtype=float), 1 - np.asarray(accuracies, dtype=float)

    def law(n: ArrayLike, floor: float, log_scale: float, exponent: float) -> ArrayLike:
        return floor + np.exp(log_scale - exponent * np.log(n))

    start = (0.5 * errors.min(), np.log(max(errors[0] * number[0] ** 0.5, 1e-6)), 0.5)
    bounds = ([0.0, -20.0, 0.01], [max(float(errors.min()), 1e-9), 20.0, 3.0])
    (floor, log_scale, exponent), _ = curve_fit(law, number, errors, p0=start, bounds=bounds, max_nfev=20_000)
    return PowerLaw(float(floor), float(np.exp(log_scale)), float(exponent))
