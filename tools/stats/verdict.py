"""The verdict on a difference of scores, by its 95% interval."""

LOWER_IS_BETTER = ("log_loss", "ece")
NOT_DETECTED = "no detectable difference"


def verdict(metric: str, low: float, high: float) -> str:
    """Return whether the interval of head - base excludes 0, and on which side.

    >>> verdict("accuracy", 0.001, 0.013), verdict("log_loss", 0.001, 0.013), verdict("accuracy", -0.001, 0.01)
    ('improved', 'regressed', 'no detectable difference')
    """
    if low <= 0 <= high:
        return NOT_DETECTED
    return "improved" if (low > 0) != (metric in LOWER_IS_BETTER) else "regressed"
