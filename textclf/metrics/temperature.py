"""Temperature scaling (Guo et al. 2017): all logits divided by one number, so that confidences match accuracy."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from textclf.metrics.selection import log_loss
from textclf.probabilities import Labels, softmax

DIGITS = 4


def fit_temperature(actual: Labels, logits: NDArray[np.floating[Any]]) -> float:
    """Return the temperature, of 0.05 to 20, with the least log-loss of `actual`, shape (rows,).

    Above 1 it lowers confidences, below 1 it raises them; the most probable label stays.

    >>> fit_temperature(np.array([0, 0, 0, 1]), np.array([[9.0, 0.0]] * 4))  # three in four: e^(9/T) = 3
    8.1922
    """

    def loss(exponent: float) -> float:
        return log_loss(actual, softmax(logits / np.exp(exponent)))

    minimum = minimize_scalar(loss, bounds=(np.log(0.05), np.log(20)), method="bounded", options={"xatol": 1e-6})
    return round(float(np.exp(minimum.x)), DIGITS)
