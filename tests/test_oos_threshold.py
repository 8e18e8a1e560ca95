"""The threshold keeps its promise on validation rows: a share of them, or the highest accuracy there is."""

from dataclasses import replace

import numpy as np
import pytest

from tests.test_oos_rule import METHODS, fit, oos, rows
from textclf.errors import InputError
from textclf.oos import rule
from textclf.oos.threshold import most_accurate, operating_point


@pytest.mark.parametrize(("method", "score"), METHODS)
@pytest.mark.parametrize("target", [0.5, 0.9, 0.95, 0.99])
def test_the_threshold_keeps_the_promised_share_of_validation_rows(method: str, score: str, target: float) -> None:
    validation = rows(80, 2, labels=4 if method == "class" else 2)
    inside = np.array([not label.startswith("out") for label in validation.actual])
    for target_of, limit in (("in_scope", inside), ("out_of_scope", ~inside)):
        promised = target if target_of == "in_scope" else round(1 - target, 2)
        scope = fit(method, score, target=promised, target_of=target_of)
        found, _ = scope.scores(validation.logits, validation.vectors)
        kept = (found[limit] <= scope.threshold).mean()
        assert kept >= promised if target_of == "in_scope" else kept <= promised


def test_a_stricter_promise_lets_fewer_through() -> None:
    scores = np.random.default_rng(0).normal(size=500)
    keep = [operating_point(scores, scores, target, "in_scope") for target in (0.8, 0.9, 0.95, 1 - 1e-9)]
    assert keep == sorted(keep)
    assert keep[-1] == scores.max()


def counted(scores: np.ndarray, right: np.ndarray, out: np.ndarray, threshold: float) -> int:
    """How many rows are right when those above the threshold are rejected."""
    return int(np.where(scores > threshold, out, right).sum())


@pytest.mark.parametrize("seed", range(20))
def test_no_threshold_has_a_higher_accuracy(seed: int) -> None:
    random = np.random.default_rng(seed)
    out = random.random(60) < 0.3
    right = ~out & (random.random(60) < 0.8)
    scores = random.normal(size=60) + out
    if seed % 2:
        scores = scores.round()  # many are equal, and none of those can be parted
    found = counted(scores, right, out, most_accurate(scores, right, out))
    assert found == max(counted(scores, right, out, one) for one in [-np.inf, *scores])


def test_a_row_that_is_answered_wrong_is_worth_as_little_as_one_rejected_wrongly() -> None:
    scores, out = np.array([1.0, 2.0, 3.0]), np.array([False, False, True])
    assert most_accurate(scores, np.array([True, True, False]), out) == 2.5
    assert most_accurate(scores, np.array([True, False, False]), out) == 2.5, "of equals the one that answers more"


def test_the_threshold_may_answer_all_or_nothing() -> None:
    scores, none, each = np.array([1.0, 2.0]), np.array([False, False]), np.array([True, True])
    assert most_accurate(scores, each, none) == 2.0
    nothing = most_accurate(scores, none, each)
    assert nothing < 1.0
    assert np.isfinite(nothing)


@pytest.mark.parametrize("value", [0.0, -3.5, 1e300, 5e-324])
def test_equal_scores_are_all_answered_or_all_rejected(value: float) -> None:
    scores = np.full(3, value)
    out = np.array([True, False, False])
    assert most_accurate(scores, ~out, out) == value
    assert most_accurate(scores, out & ~out, ~out) < value


def test_neighboring_numbers_are_parted() -> None:
    scores = np.array([1.0, np.nextafter(1.0, 2.0)])
    out = np.array([False, True])
    assert scores[0] <= most_accurate(scores, ~out, out) < scores[1]


@pytest.mark.parametrize(("method", "score"), METHODS)
def test_the_most_accurate_threshold_is_at_least_as_accurate_as_any_share(method: str, score: str) -> None:
    validation = rows(80, 2, labels=4 if method == "class" else 2)

    def accuracy(**target: object) -> float:
        found = fit(method, score, **target)
        best = [["a", "b"][number] for number in validation.logits[:, :2].argmax(axis=1)]
        _, predicted = found.predict(validation.logits, validation.vectors, best)
        rows_right = zip(validation.actual, predicted, strict=True)
        return float(np.mean([a == p or (a.startswith("out") and p.startswith("out")) for a, p in rows_right]))

    best = accuracy(target_of="accuracy")
    assert all(best >= accuracy(target_of="in_scope", target=share) for share in (0.5, 0.8, 0.9, 0.95, 0.99))
    assert best == accuracy(target_of="accuracy", target=0.01), "target has no say"


def test_a_target_among_out_of_scope_rows_needs_such_rows() -> None:
    inside = rows(8, 1, out=False, labels=2)
    for target_of in ("out_of_scope", "accuracy"):
        message = rf"oos.target_of = '{target_of}': no validation row is out of scope; use in_scope"
        with pytest.raises(InputError, match=message):
            rule.fit(oos("threshold", target_of=target_of), ["a", "b"], inside, inside)


def test_a_score_that_is_no_number_is_named() -> None:
    broken = rows(8, 1, labels=2)
    broken.logits[3] = np.nan
    for score in ("energy", "fisher"):
        with pytest.raises(InputError, match="1 of 8 validation rows have an out-of-scope score that isn't a number"):
            rule.fit(oos("threshold", score), ["a", "b"], rows(8, 2, out=False, labels=2), broken)


@pytest.mark.parametrize("score", ["mahalanobis", "relative_mahalanobis", "knn", "fisher"])
def test_a_vector_that_is_no_number_is_a_mistake_too(score: str) -> None:
    train = rows(8, 1, out=False, labels=2)
    assert train.vectors is not None
    train.vectors[3, 0] = np.nan
    with pytest.raises(InputError, match="a training row has a vector that isn't a number"):
        rule.fit(oos("threshold", score), ["a", "b"], train, rows(8, 2, labels=2))


def test_without_validation_rows_in_scope_there_is_no_threshold() -> None:
    train, outside = rows(8, 1, out=False, labels=2), replace(rows(8, 1, labels=2), actual=["out_of_scope"] * 8)
    for target_of in ("in_scope", "accuracy"):
        with pytest.raises(InputError, match="no validation row is in scope"):
            rule.fit(oos("threshold", target_of=target_of), ["a", "b"], train, outside)
