"""The paired bootstrap: right scores, intervals that cover, mirrored when the sides are swapped."""

import numpy as np
import pandas as pd
import pytest

from textclf.metrics import scores, selection
from textclf.metrics.calibration import expected_calibration_error
from tools.review.differences import compare_predictions
from tools.stats.bootstrap import F1_BY_LABEL, Side, interval, p_value, resampled, scorer, to_side

LABELS = [f"label {number}" for number in range(4)]


def predictions(rows: int = 300, right: float = 0.8, seed: int = 0) -> pd.DataFrame:
    """Random predictions, `right` of them right."""
    random = np.random.default_rng(seed)
    actual = np.random.default_rng(99).integers(4, size=rows)
    guess = np.where(random.random(rows) < right, actual, random.integers(4, size=rows))
    confidence = random.uniform(0.3, 1.0, rows).round(4)
    loss = np.where(guess == actual, -np.log(confidence), 2.0).round(4)
    names = np.array(LABELS)
    table = {"actual": names[actual], "predicted": names[guess], "confidence": confidence, "loss": loss}
    return pd.DataFrame(table, index=[f"row {number:04}" for number in range(rows)])


def test_the_scores_of_all_rows_are_those_of_evaluate() -> None:
    side = to_side(predictions(), LABELS)
    found = {name: values[0] for name, values in scorer(side, 4, 15)(np.arange(300)[None, :]).items()}
    for score in (
        selection.accuracy,
        selection.macro_f1,
        scores.weighted_f1,
        scores.macro_precision,
        scores.macro_recall,
    ):
        assert found[score.__name__] == pytest.approx(score(side.actual, side.predicted)), score.__name__
    assert found["log_loss"] == pytest.approx(side.loss.mean())
    certain = np.zeros((300, 4))
    certain[np.arange(300), side.predicted] = side.confidence
    assert found["ece"] == pytest.approx(expected_calibration_error(side.actual, certain, 15))


def test_a_label_that_no_row_has_does_not_count_for_the_means() -> None:
    side = to_side(predictions(), LABELS)
    drawn = np.arange(300)[None, :]
    assert scorer(side, 9, 15)(drawn)["macro_f1"] == pytest.approx(scorer(side, 4, 15)(drawn)["macro_f1"])


def test_identical_predictions_give_no_detectable_difference_and_intervals_of_no_width() -> None:
    same = predictions()
    found = compare_predictions(same, same, LABELS, 15)
    assert set(found.scores["verdict"]) == {"no detectable difference"}
    assert (found.scores[["difference", "low", "high"]] == 0).all(axis=None)
    assert found.flips.p == 1
    assert not found.labels["moved"].any()
    assert found.pairs.empty


def test_swapping_base_and_head_mirrors_every_number() -> None:
    one, other = predictions(seed=1), predictions(right=0.9, seed=2)
    there, back = compare_predictions(one, other, LABELS, 15), compare_predictions(other, one, LABELS, 15)
    np.testing.assert_allclose(there.scores["difference"], -back.scores["difference"])
    np.testing.assert_allclose(there.scores["low"], -back.scores["high"])
    assert (there.flips.fixed, there.flips.broken) == (back.flips.broken, back.flips.fixed)
    assert (there.flips.p, there.flips.detectable) == (back.flips.p, back.flips.detectable)
    both = there.labels.set_index("label").join(back.labels.set_index("label"), suffixes=("", "_back"))
    np.testing.assert_allclose(both["low"], -both["high_back"])
    np.testing.assert_allclose(both["p"], both["p_back"])
    assert sorted(there.pairs["change"]) == sorted(-back.pairs["change"])


def test_the_interval_of_accuracy_covers_the_true_difference_in_95_of_100_cases() -> None:
    rows, fixed, broken = 300, 0.08, 0.05
    covered, cases = 0, 600
    random = np.random.default_rng(0)
    for case in range(cases):
        draw = random.random(rows)
        base = np.where(draw < fixed, 0, 1)  # a row is right if it is predicted 1
        head = np.where((draw >= fixed) & (draw < fixed + broken), 0, 1)
        plain = np.ones(rows)
        before, after = (Side(np.ones(rows, dtype=int), guess, plain, plain) for guess in (base, head))
        low, high = interval(resampled(before, after, 2, 2, resamples=500, seed=case)["accuracy"])
        covered += bool(low <= fixed - broken <= high)
    assert 0.93 <= covered / cases <= 0.97


def test_p_is_small_for_a_clear_difference_and_never_0() -> None:
    clear = np.linspace(0.1, 0.2, 999)
    assert p_value(clear) == pytest.approx(2 / 1000)
    assert p_value(np.zeros(999)) == 1


def test_f1_by_label_has_a_column_a_label() -> None:
    one, other = (to_side(predictions(seed=seed), LABELS) for seed in (1, 2))
    assert resampled(one, other, 4, 15, resamples=600)[F1_BY_LABEL].shape == (600, 4)
