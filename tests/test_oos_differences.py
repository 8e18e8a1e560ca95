"""What two runs keep out: moved rows are listed apart, and the intervals are those of the literature."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tools.review.oos_differences import delong, moved_rows, oos_differences

CHAT = "out_of_scope:chat"


def run(decisions: list[tuple[str, str, str, float]] | None, answers: list[tuple[str, str, str]]) -> Any:
    """A run whose rows are (id, actual, predicted, score) if it decides, and (id, actual, predicted) in scope."""
    columns = ["id", "actual", "predicted", "score"]
    table = None if decisions is None else pd.DataFrame(decisions, columns=columns).set_index("id").sort_index()
    inside = pd.DataFrame(answers, columns=columns[:3]).set_index("id")
    ids = [] if table is None else [name for name in table.index if name not in inside.index]
    outside = pd.DataFrame({"text": [f"text {name}" for name in ids]}, index=ids, dtype=object)
    rows = pd.DataFrame({"text": [f"text {name}" for name in inside.index]}, index=inside.index)
    return SimpleNamespace(decisions=table, predictions=inside, rows=rows, oos_rows=outside)


ANSWERS = [("1", "a", "a"), ("2", "b", "a")]
STRICT = run([("1", "a", CHAT, 0.7), ("2", "b", "a", 0.3), ("o", CHAT, CHAT, 0.9)], ANSWERS)
LOOSE = run([("1", "a", "a", 0.2), ("2", "b", "a", 0.3), ("o", CHAT, "b", 0.4)], ANSWERS)


def test_rows_that_moved_are_listed_with_what_is_right() -> None:
    found = moved_rows(STRICT, LOOSE)
    assert found.to_dict("records") == [
        {"id": "o", "flip": "broken", "text": "text o", "actual": CHAT, "base": CHAT, "head": "b"},
        {"id": "1", "flip": "fixed", "text": "text 1", "actual": "a", "base": CHAT, "head": "a"},
    ]
    assert moved_rows(LOOSE, STRICT)["flip"].tolist() == ["broken", "fixed"]


def test_a_run_without_a_method_answers_every_row() -> None:
    found = moved_rows(run(None, ANSWERS), STRICT)
    assert found[["id", "flip", "base", "head"]].to_numpy().tolist() == [["1", "broken", "a", CHAT]]
    assert oos_differences(run(None, ANSWERS), STRICT).empty


def test_nothing_moves_between_equal_runs() -> None:
    assert moved_rows(STRICT, STRICT).empty
    found = oos_differences(STRICT, STRICT)
    assert (found[["difference", "low", "high"]] == 0).all(axis=None)
    assert set(found["verdict"]) == {"no detectable difference"}


def random_run(seed: int, good: float, rows: int = 400) -> Any:
    random = np.random.default_rng(seed)
    truth = np.random.default_rng(0)
    out = truth.random(rows) < 0.25
    scores = random.normal(size=rows) + good * out
    actual = np.where(out, CHAT, "a")
    predicted = np.where(scores > 1, CHAT, "a")
    ids = [f"{number:04d}" for number in range(rows)]
    decisions = list(zip(ids, actual.tolist(), predicted.tolist(), scores.tolist(), strict=True))
    return run(decisions, [(i, a, p) for i, a, p, _ in decisions if a == "a"])


def test_a_better_run_is_found_and_swapping_mirrors_it() -> None:
    one, other = random_run(1, 1.0), random_run(2, 2.5)
    found, mirrored = oos_differences(one, other), oos_differences(other, one)
    assert found.set_index("metric").loc["auroc", "verdict"] == "improved"
    assert found.set_index("metric").loc["out_recall", "verdict"] == "improved"
    assert mirrored.set_index("metric").loc["auroc", "verdict"] == "regressed"
    np.testing.assert_allclose(found["difference"], -mirrored["difference"])
    np.testing.assert_allclose(found["low"], -mirrored["high"])


def test_delongs_interval_covers_as_it_says() -> None:
    """Nominal 95% for two detectors of equal worth: the interval holds 0 in 93 to 97 of a hundred draws."""
    random = np.random.default_rng(0)
    covered = 0
    for _ in range(1000):
        out = np.arange(200) < 60
        shared = random.normal(size=200) + out
        low, high = delong(out, shared + random.normal(size=200), shared + random.normal(size=200))
        covered += low <= 0 <= high
    assert 930 <= covered <= 970


def test_the_difference_is_that_of_the_areas() -> None:
    from sklearn.metrics import roc_auc_score

    out = np.array([True, True, False, False, False])
    one, other = np.array([3.0, 1, 2, 0, 1]), np.array([1.0, 2, 2, 3, 0])
    low, high = delong(out, one, other)
    assert (low + high) / 2 == pytest.approx(roc_auc_score(out, other) - roc_auc_score(out, one))
