"""McNemar's test and its power."""

import math

import numpy as np
import pytest
from statsmodels.stats.contingency_tables import mcnemar as reference

from tools.stats.mcnemar import detectable_difference, mcnemar


@pytest.mark.parametrize(("fixed", "broken"), [(41, 19), (1, 0), (0, 7), (10, 10), (300, 250)])
def test_it_is_statsmodels_exact_test(fixed: int, broken: int) -> None:
    assert mcnemar(fixed, broken) == pytest.approx(reference([[0, fixed], [broken, 0]], exact=True).pvalue)


def test_without_a_discordant_row_p_is_1_and_nothing_is_said_of_power() -> None:
    assert mcnemar(0, 0) == 1.0
    assert math.isnan(detectable_difference(1000, 0.0))


@pytest.mark.parametrize(("rows", "discordant"), [(3080, 0.04), (1200, 0.1), (500, 0.2)])
def test_a_planted_difference_of_that_size_is_found_at_the_stated_power(rows: int, discordant: float) -> None:
    least = detectable_difference(rows, discordant)
    random = np.random.default_rng(0)
    fixed_share = (discordant + least) / 2
    counts = random.multinomial(rows, [fixed_share, discordant - fixed_share, 1 - discordant], size=1000)
    found = np.mean([mcnemar(fixed, broken) < 0.05 for fixed, broken, _ in counts])
    assert 0.72 <= found <= 0.85  # the exact test is a little cautious


def test_more_rows_find_less() -> None:
    assert detectable_difference(3000, 0.05) < detectable_difference(300, 0.05)
    assert detectable_difference(10, 0.05) == 0.05
