"""A review's sentences, for every page alike."""

from tools.review.report import Report, of_drawing
from tools.stats.power import detectable_difference, rows_needed, seeds_needed
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
    name = report.primary.replace("_", " ")
    p = f"p {p_value(float(row['p']))}"
    if report.primary in LOWER_IS_BETTER:
        interval = f"95% CI {row['low']:+.4f} to {row['high']:+.4f}, {p}"
        change = f"{row['base']:.4f} -> {row['head']:.4f}, {row['difference']:+.4f} ({interval})"
    else:
        interval = f"95% CI {points(row['low'])} to {points(row['high'])}, {p}"
        change = f"{100 * row['base']:.1f} -> {100 * row['head']:.1f}, {points(row['difference'])} points ({interval})"
    whom = ", for these models alone" if 1 in of_drawing(report, report.seeds) and not report.pooled else ""
    return f"{report.verdict}{whom}: {name} {change}, {_seeds(report)}"


def _seeds(report: Report) -> str:
    base, head = report.seeds
    if base == head == 1:
        found = report.differences
        return f"{found.fixed:,} fixed and {found.broken:,} broken of {found.rows:,}"
    return f"means of {base} seeds" if base == head else f"means of {base} and {head} seeds"


def p_value(p: float) -> str:
    """Return what follows the letter p, with two significant digits.

    >>> p_value(0.0312), p_value(0.00001), p_value(1.0)
    ('= 0.031', '< 0.0001', '= 1')
    """
    return "< 0.0001" if p < 0.0001 else f"= {p:.2g}"


def told(report: Report) -> str:
    """Return what the comparison can tell: what differs between runs with the same inputs, else its power and seeds."""
    return same_inputs(report) if report.same_inputs else f"{power(report)} {noise(report)}"


def power(report: Report) -> str:
    """Return the smallest difference that such a comparison could have detected."""
    found = report.differences
    if found.fixed + found.broken == 0 and report.seeds == (1, 1):
        return "Both runs are right and wrong on the same rows."
    least = detectable_difference(found.accuracy, found.rows)
    return f"A true difference of {100 * least:.1f} points of accuracy is detected in 80% of such comparisons."


def noise(report: Report) -> str:
    """Return what the interval says of seeds, how much of its variance they make, and what would find more."""
    drawn = of_drawing(report, report.seeds)
    if not drawn:
        return "Neither side draws anything in training, so that one seed says all."
    if min(drawn) > 1:
        return f"{_shares(report)} {_needed(report)}".strip()
    ask = "python -m tools.review BASE HEAD --seeds 5"
    one = "One seed on each side" if drawn == [1, 1] else "One seed on a side"
    if report.pooled:
        over = f"{report.pooled} recorded configuration{'s' * (report.pooled > 1)}"
        return f"{one}: the interval has the spread between seeds in it, pooled over {over} ({ask})."
    return f"{one} and no spread is recorded: that is one model, not a configuration ({ask})."


def _shares(report: Report) -> str:
    found = report.differences.accuracy
    whole = float(found.rows + found.seeds)
    if not whole:
        return "Nothing differs between the two sides."
    seeds = float(found.seeds) / whole
    return (
        f"Of the variance of the difference in accuracy, {1 - seeds:.0%} comes from the test rows and {seeds:.0%} from "
        "the seeds."
    )


def _needed(report: Report) -> str:
    found, effect, rows = report.differences.accuracy, report.min_effect, report.differences.rows
    if (
        report.primary != "accuracy"
        or not effect
        or report.seeds[0] != report.seeds[1]
        or not float(found.standard_error)
    ):
        return ""
    aim = f"To detect {100 * effect:.1f} points in 80% of cases"
    if seeds := seeds_needed(found, report.seeds[0], rows, effect):
        return f"{aim}, {seeds} seeds a side are needed."
    if more := rows_needed(found, rows, effect):
        return f"{aim}, seeds alone are not enough: about {more:,} test rows are needed."
    return f"{aim}, more seeds and more test rows are needed."


def same_inputs(report: Report) -> str:
    """Return what differs between two runs with the same inputs."""
    sides = [run.machine for run in (report.base, report.head)]
    keys = [key for key in ("processor", "threads", "precision") if sides[0].get(key) != sides[1].get(key)]
    differ = "; ".join(f"{key} {sides[0].get(key, 'unknown')} and {sides[1].get(key, 'unknown')}" for key in keys)
    return f"All inputs of the scores are the same; different: {differ or 'nothing'}."
