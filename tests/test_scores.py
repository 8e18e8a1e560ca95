"""Scores against their definitions, computed by hand or by another road."""

import itertools
import math

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from stages.evaluate import headline, listing, per_class
from textclf.metrics import scores
from textclf.metrics.calibration import expected_calibration_error, reliability
from textclf.metrics.selection import accuracy, log_loss, macro_f1
from textclf.predictions import Predictions
from textclf.probabilities import Probabilities, row_losses, softmax

RANDOM = np.random.default_rng(0)


def probabilities(rows: int, labels: int) -> Probabilities:
    return RANDOM.dirichlet(np.ones(labels), size=rows)


def test_label_scores_by_hand() -> None:
    actual, predicted = np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1])
    assert accuracy(actual, predicted) == 0.75
    assert macro_f1(actual, predicted) == pytest.approx((0.8 + 2 / 3) / 2)
    assert scores.weighted_f1(actual, predicted) == pytest.approx((3 * 0.8 + 2 / 3) / 4)
    assert scores.macro_precision(actual, predicted) == pytest.approx((1 + 1 / 2) / 2)
    assert scores.macro_recall(actual, predicted) == pytest.approx((2 / 3 + 1) / 2)


def test_log_loss_is_the_mean_row_loss_and_never_infinite() -> None:
    found = np.array([[0.25, 0.75], [1.0, 0.0]])
    assert row_losses(np.array([0, 1]), found).tolist() == pytest.approx([math.log(4), 36.04], abs=0.01)
    assert log_loss(np.array([0, 0]), found) == pytest.approx(math.log(4) / 2)


def test_calibration_error_by_hand() -> None:
    found = np.array([[0.95, 0.05], [0.85, 0.15], [0.55, 0.45], [0.45, 0.55]])
    # bins of a half: (0.5, 1] holds all rows: confidence 0.725, accuracy 0.5
    assert expected_calibration_error(np.array([0, 1, 0, 0]), found, bins=2) == pytest.approx(0.225)


def test_a_perfectly_sure_and_right_classifier_is_calibrated() -> None:
    assert expected_calibration_error(np.array([0, 1]), np.eye(2), bins=15) == 0


def test_the_bins_of_the_reliability_table_hold_every_row() -> None:
    assert reliability(RANDOM.random(50) < 0.5, RANDOM.random(50), bins=7)["rows"].sum() == 50


def test_roc_auc_is_the_mean_over_pairs_of_labels() -> None:
    actual, found = RANDOM.integers(0, 4, 80), probabilities(80, 4)
    pairs = []
    for a, b in itertools.combinations(range(4), 2):
        rows = np.isin(actual, [a, b])
        pairs += [roc_auc_score(actual[rows] == label, found[rows, label]) for label in (a, b)]
    assert scores.roc_auc(actual, found) == pytest.approx(np.mean(pairs))


def test_roc_auc_of_rows_without_some_labels_is_that_of_the_labels_that_occur() -> None:
    actual, found = np.array([0, 0, 1, 1, 0, 1]), probabilities(6, 5)
    pair = [roc_auc_score(actual == label, found[:, label]) for label in (0, 1)]
    assert scores.roc_auc(actual, found) == pytest.approx(np.mean(pair))


def test_roc_auc_of_two_labels_and_of_one() -> None:
    found = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    assert scores.roc_auc(np.array([0, 1, 0]), found) == 1.0
    assert math.isnan(scores.roc_auc(np.array([0, 0, 0]), found))


def test_softmax_does_not_overflow() -> None:
    found = softmax(np.array([[1e4, 0, -1e4]], dtype=np.float32))
    assert found.tolist() == [[1, 0, 0]]


def test_the_headline_is_flat_short_and_without_nan() -> None:
    numbers = headline(np.array([1, 1, 1]), probabilities(3, 4), ece_bins=15)
    assert "roc_auc" not in numbers  # one label only: nothing to rank
    assert len(headline(RANDOM.integers(0, 4, 20), probabilities(20, 4), 15)) == 9
    assert all(isinstance(number, (int, float)) and math.isfinite(number) for number in numbers.values())


def test_predictions_and_classes_agree_with_the_probabilities() -> None:
    rows = Predictions(["x", "y"], ["no", "yes"], np.zeros((2, 2)), None)
    table = listing(rows, np.array([[0.8, 0.2], [0.75, 0.25]]), ["no", "yes"])
    assert table.to_numpy().tolist() == [["x", "no", "no", 0.8, 0.2231, 0.0], ["y", "yes", "no", 0.75, 1.3863, 0.0]]
    classes = per_class(table, ["no", "yes", "never"])
    assert classes.to_numpy().tolist() == [["no", 0.5, 1, 0.6667, 1], ["yes", 0, 0, 0, 1], ["never", 0, 0, 0, 0]]


@pytest.mark.parametrize("labels", [2, 3, 6])
def test_the_influences_on_roc_auc_give_its_standard_error(labels: int) -> None:
    random = np.random.default_rng(0)
    actual = random.permutation(np.arange(600) % labels)
    probabilities = random.dirichlet(np.ones(labels), 600)
    probabilities[np.arange(600), actual] += 0.2
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    influence = scores.roc_auc_influence(actual, probabilities)
    drawn = [random.integers(600, size=600) for _ in range(120)]
    spread = np.std([scores.roc_auc(actual[rows], probabilities[rows]) for rows in drawn])
    assert influence.mean() == pytest.approx(0, abs=1e-12)
    assert influence.std() / np.sqrt(600) == pytest.approx(spread, rel=0.25)
    assert not scores.roc_auc_influence(np.zeros(5, dtype=int), np.ones((5, 2)) / 2).any()
