"""The difference of two configurations' scores over test rows and seeds, with its interval and its p.

Rows are crossed with seeds: every seed's model predicts the same rows. The variance of the mean difference is the
rows' part, from the influence of each row on the difference of the means over seeds, plus for each side the variance
between its seeds, less what the rows' part holds of it already (the interaction of rows and seeds; Owen 2007,
Bouthillier et al. 2021). Interval and p come from one t distribution with Satterthwaite's degrees of freedom (1946), so
that they never contradict each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from tools.stats.influence import Floats, Score


@dataclass(frozen=True)
class SeedVariance:
    """The variance of a score between seeds beyond what their rows explain, with that, and degrees of freedom."""

    variance: Floats
    whole: Floats
    freedom: float


@dataclass(frozen=True)
class Difference:
    """Means of both sides, head - base with its 95% interval and two-sided p, and the parts of its variance.

    `rows` is the part that more seeds can't reduce, `seeds` the one that they do. `standard_error` and `freedom` are
    those of the t distribution.
    """

    base: Floats
    head: Floats
    difference: Floats
    low: Floats
    high: Floats
    p: Floats
    rows: Floats
    seeds: Floats
    standard_error: Floats
    freedom: Floats


def compare(
    base: Sequence[Score],
    head: Sequence[Score],
    known: tuple[SeedVariance | None, SeedVariance | None] = (None, None),
) -> Difference:
    """Return the difference of two lists of a score, one for each seed, on the same rows.

    `known` is the variance between seeds of a side that has one seed alone; without it, that side's model stands for
    itself.
    """
    means = [np.mean([score.value for score in side], axis=0) for side in (base, head)]
    rows, freedom_of_rows = _of_rows(base, head, means)
    between = [_between(side, one) for side, one in zip((base, head), known, strict=True)]
    spread = rows**2 / freedom_of_rows + _spread(between)
    variance, whole = (rows + sum(part) for part in zip(*((one.pure, one.whole) for one in between), strict=True))
    error, freedom, reach = _narrower(variance, whole, spread, len(base[0].influence))
    difference = means[1] - means[0]
    with np.errstate(invalid="ignore", divide="ignore"):
        tails = 2 * student.sf(np.abs(difference) / error, freedom)
    p = np.where(error > 0, tails, np.where(difference == 0, 1.0, 0.0))
    of_seeds = np.minimum(sum(part.pure + part.interaction for part in between), variance)
    ends, parts = (difference - reach, difference + reach), (variance - of_seeds, of_seeds)
    return Difference(means[0], means[1], difference, *ends, p, *parts, error, freedom)


def _narrower(variance: Floats, whole: Floats, spread: Floats, size: int) -> tuple[Floats, Floats, Floats]:
    """Return standard error, degrees of freedom and half the width of the narrower of two 95% intervals.

    One has the estimated `variance`; where few rows tell the sides apart that is a small difference of large parts, and
    has next to no degrees of freedom. The other has `whole`, which is at least as large, and better known. Both have
    the same `spread` (Satterthwaite's denominator). The degrees are at most `size`.
    """
    variances = np.stack([variance, whole])
    with np.errstate(invalid="ignore", divide="ignore"):
        freedoms = np.nan_to_num(variances**2 / spread, nan=1.0, posinf=1.0).clip(1, size)
    errors = np.sqrt(variances)
    reaches = student.ppf(0.975, freedoms) * errors
    first = reaches[0] <= reaches[1]
    error, freedom, reach = (np.where(first, one, other) for one, other in (errors, freedoms, reaches))
    return error, freedom, reach


def _of_rows(base: Sequence[Score], head: Sequence[Score], means: list[Floats]) -> tuple[Floats, Floats]:
    """Return the rows' part of the variance, and its degrees of freedom."""
    moved = np.mean([score.influence for score in head], axis=0) - np.mean([score.influence for score in base], axis=0)
    size = len(moved)
    same = (moved == 0).all(axis=0) & (means[0] == means[1])
    least = np.mean([score.least for score in (*base, *head)], axis=0)
    rows = (moved**2).sum(axis=0) / size / max(1, size - 1) + np.where(same, 0.0, least)
    return rows, _freedom(moved)


def _freedom(moved: Floats) -> Floats:
    """Return the degrees of freedom of the rows' part: about the number of rows that tell the two sides apart.

    The variance of a variance grows with the kurtosis; 2 rows / (kurtosis - 1) degrees have as much of it. Half of that
    makes few flips count as little as they do in McNemar's exact test (tests/test_differences.py).
    """
    size = len(moved)
    with np.errstate(invalid="ignore", divide="ignore"):
        kurtosis = (moved**4).mean(axis=0) / (moved**2).mean(axis=0) ** 2
        freedom: Floats = np.nan_to_num(size / (kurtosis - 1), nan=1.0, posinf=size).clip(1, size)
    return freedom


def seed_variance(scores: Sequence[Score]) -> SeedVariance:
    """Return the variance of a score over seeds beyond the interaction with rows; two or more seeds are needed."""
    part = _between(scores, None)
    return SeedVariance(np.asarray(part.pure * len(scores)), np.asarray(part.whole * len(scores)), part.freedom)


@dataclass(frozen=True)
class _Between:
    """A side's part of the variance of its mean: `pure` of `whole` is added to the rows' part."""

    pure: Floats
    whole: Floats
    interaction: Floats
    freedom: float
    known: bool = False


def _spread(between: list[_Between]) -> Floats:
    """Return the parts' share in Satterthwaite's formula; what is known of two sides may come from one record."""
    own = sum((part.whole**2 / part.freedom for part in between if not part.known), start=np.zeros(()))
    known = [part for part in between if part.known]
    if not known:
        return own
    return own + sum(part.whole for part in known) ** 2 / min(part.freedom for part in known)


def _between(scores: Sequence[Score], known: SeedVariance | None) -> _Between:
    seeds = len(scores)
    if seeds == 1:
        variance = np.zeros_like(scores[0].value) if known is None else known.variance
        whole = variance if known is None else known.whole
        return _Between(variance, whole, np.zeros_like(variance), known.freedom if known else 1.0, known is not None)
    whole = np.var([score.value for score in scores], axis=0, ddof=1) / seeds
    influences: NDArray[np.float64] = np.array([score.influence for score in scores])
    interaction = influences.var(axis=0, ddof=1).sum(axis=0) / influences.shape[1] ** 2 / seeds
    return _Between(np.maximum(0.0, whole - interaction), np.asarray(whole), interaction, seeds - 1.0)
