"""A review's sentences, for every page alike."""

from tools.review.report import Report
from tools.stats.verdict import LOWER_IS_BETTER


def points(share: float) -> str:
    """Return a difference of shares in percentage points, signed.

    >>> points(0.0071), points(-0.01)
    ('+0.7', '-1.0')
    """
    return f"{100 * share:+.1f}"


def headline(report: Report) -> str:
    """Return the verdict on the primary score in one sentence with its numbers."""
    row = report.row
    flips = report.differences.flips
    name = report.primary.replace("_", " ")
    if report.primary in LOWER_IS_BETTER:
        interval = f"95% CI {row['low']:+.4f} to {row['high']:+.4f}"
        change = f"{row['base']:.4f} -> {row['head']:.4f}, {row['difference']:+.4f} ({interval})"
    else:
        interval = f"95% CI {points(row['low'])} to {points(row['high'])}"
        change = f"{100 * row['base']:.1f} -> {100 * row['head']:.1f}, {points(row['difference'])} points ({interval})"
    counts = f"{flips.fixed:,} fixed and {flips.broken:,} broken of {flips.rows:,}"
    small = (
        ", but below the minimum effect"
        if report.verdict == "improved" and abs(row["difference"]) < report.min_effect
        else ""
    )
    return f"{report.verdict}{small}: {name} {change}, McNemar exact p {p_value(flips.p)}, {counts}"


def p_value(p: float) -> str:
    """Return what follows the letter p, with two significant digits.

    >>> p_value(0.0312), p_value(0.00001), p_value(1.0)
    ('= 0.031', '< 0.0001', '= 1')
    """
    return "< 0.0001" if p < 0.0001 else f"= {p:.2g}"


def power(report: Report) -> str:
    """Return the smallest difference that this test set could have detected."""
    flips = report.differences.flips
    if flips.fixed + flips.broken == 0:
        return "Both runs are right and wrong on the same rows."
    flipped = f"With {flips.rows:,} rows, of which {flips.fixed + flips.broken:,} flip,"
    return f"{flipped} a difference of {100 * flips.detectable:.1f} points of accuracy is detected with 80% power."


def noise(report: Report) -> str:
    """Return how the difference compares with the spread between seeds, if that is recorded for the base."""
    if report.spread is None or report.primary not in report.spread.scores:
        return (
            "One seed: the spread between seeds is not recorded for this configuration "
            "(python -m tools.review --seeds 4)."
        )
    deviation = report.spread.deviation(report.primary)
    difference = float(report.row["difference"])
    between = deviation * 2**0.5
    spread = f"standard deviation {100 * deviation:.2f} points over {len(report.spread.seeds)} seeds of the base"
    if not between:
        return f"All seeds of the base have the same score ({spread})."
    times = f"{abs(difference) / between:.1f} times"
    return f"The difference is {times} the standard deviation of the difference between two seeds ({spread})."
