"""What two runs keep out: moved rows are listed apart, and the intervals are those of the literature."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests import simulate
from tools.review.oos_differences import MIN_ROWS, Decisions, auroc, moved_rows, oos_differences

CHAT = "out_of_scope:chat"
EFFECTS = {"auroc": 0.01, "out_recall": 0.01, "in_scope_kept": 0.01, "in_scope_accuracy": 0.01}


def of(run: Any) -> Decisions:
    return [] if run.decisions is None else [run.decisions]


def differences(base: Any, head: Any) -> pd.DataFrame:
    return oos_differences(of(base) * 2, of(head) * 2, EFFECTS)  # two seeds alike


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
    assert differences(run(None, ANSWERS), STRICT).empty


def test_nothing_moves_between_equal_runs() -> None:
    assert moved_rows(STRICT, STRICT).empty
    found = differences(STRICT, STRICT)
    assert (found["difference"] == 0).all()
    assert set(found["verdict"]) == {"no detectable difference", ""}


def test_one_seed_on_a_side_has_intervals_and_no_verdict() -> None:
    found = oos_differences(of(STRICT), of(LOOSE) * 2, EFFECTS)
    assert set(found["verdict"]) == {""}


def test_rows_with_another_label_are_left_out() -> None:
    relabeled = run([("1", "b", CHAT, 0.7), ("2", "b", "a", 0.3), ("o", CHAT, CHAT, 0.9)], ANSWERS)
    assert (differences(STRICT, relabeled)["difference"] == 0).all()


def test_few_rows_that_all_turn_are_no_evidence() -> None:
    ids = [str(number) for number in range(45)]
    actual = ["a"] * 40 + [CHAT] * 5
    sides = [
        run(
            [
                (i, a, CHAT if a == CHAT and good else "a", float(a == CHAT) * good)
                for i, a in zip(ids, actual, strict=True)
            ],
            [],
        )
        for good in (False, True)
    ]
    found = differences(*sides).set_index("metric")
    assert found.loc["out_recall", "difference"] == 1
    assert found.loc["out_recall", "verdict"] == "no detectable difference"


def test_with_few_rows_out_of_scope_there_is_no_interval() -> None:
    assert MIN_ROWS == 5
    found = differences(STRICT, LOOSE).set_index("metric")
    assert found.loc[["auroc", "out_recall"], ["low", "high"]].isna().all(axis=None)
    assert found.loc["in_scope_kept", "high"] > 0


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
    found, mirrored = differences(one, other), differences(other, one)
    assert found.set_index("metric").loc["auroc", "verdict"] == "improved"
    assert found.set_index("metric").loc["out_recall", "verdict"] == "improved"
    assert mirrored.set_index("metric").loc["auroc", "verdict"] == "regressed"
    np.testing.assert_allclose(found["difference"], -mirrored["difference"])
    np.testing.assert_allclose(found["low"], -mirrored["high"])


def test_delongs_interval_covers_as_it_says() -> None:
    """Nominal 95% for two detectors of equal worth: the interval holds 0 in 93 to 98 of a hundred draws."""
    assert simulate.auroc_missed(MIN_ROWS, 400) <= 0.08, "with few rows it is cautious"
    assert 0.02 <= simulate.auroc_missed(60, 400) <= 0.07


def test_the_area_is_scikit_learns() -> None:
    from sklearn.metrics import roc_auc_score

    out = np.array([True, True, False, False, False])
    scores = np.array([3.0, 1, 2, 0, 1])
    found = auroc(out, scores)
    assert found.value == pytest.approx(roc_auc_score(out, scores))
    assert found.influence.mean() == pytest.approx(0)


def test_a_rows_influence_is_its_share_of_rows_that_are_ranked_rightly_ties_half() -> None:
    rng = np.random.default_rng(3)
    out, scores = rng.random(60) < 0.4, rng.integers(0, 9, 60).astype(float)
    wins = np.sign(scores[out][:, None] - scores[~out][None, :]) / 2 + 0.5
    found = auroc(out, scores)
    assert found.value == pytest.approx(wins.mean())
    np.testing.assert_allclose(found.influence[out], (wins.mean(axis=1) - wins.mean()) * 60 / out.sum())
    np.testing.assert_allclose(found.influence[~out], (wins.mean(axis=0) - wins.mean()) * 60 / (~out).sum())
