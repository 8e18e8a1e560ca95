"""The verdict on a difference of scores, by its 95% interval and the smallest difference that matters."""

LOWER_IS_BETTER = ("log_loss", "ece")
NOT_DETECTED = "no detectable difference"
TOO_SMALL = "too small to matter"


def verdict(metric: str, difference: float, low: float, high: float, min_effect: float | None) -> str:
    """Return whether the difference head - base, with its interval, is an improvement or a regression.

    That takes an interval without 0 and a difference of at least `min_effect`; without a `min_effect` nothing is said.

    >>> verdict("accuracy", 0.007, 0.001, 0.013, 0.005), verdict("log_loss", 0.02, 0.001, 0.03, 0.01)
    ('improved', 'regressed')
    >>> verdict("accuracy", 0.003, 0.001, 0.005, 0.005), verdict("accuracy", 0.0, -0.1, 0.1, 0.005)
    ('too small to matter', 'no detectable difference')
    """
    if min_effect is None or low != low:  # no interval
        return ""
    if low <= 0 <= high:
        return NOT_DETECTED
    if abs(difference) < min_effect:
        return TOO_SMALL
    return "improved" if (difference > 0) != (metric in LOWER_IS_BETTER) else "regressed"
