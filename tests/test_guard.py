"""What of two runs can be compared, what changed between them, and what the gate says of it."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from tests.test_bootstrap import LABELS, predictions
from tools.review.differences import differences
from tools.review.gate import broken_rules
from tools.review.rules import Gate
from tools.stats.slices import slice_differences, slices


def run(table: pd.DataFrame, md5: str = "1", **params: Any) -> Any:
    """A run of toy predictions."""
    stage = {"deps": [{"path": path, "md5": md5} for path in guard.SCORING]}
    rows = pd.DataFrame({"text": [f"text {n}" for n in range(len(table))], "label": table["actual"], "split": "test"})
    return SimpleNamespace(
        predictions=table.sort_index(),
        labels=LABELS,
        lock={"evaluate": stage, "download": {"outs": [{"path": "data/raw", "md5": str(len(table))}]}},
        params={"evaluation": {"ece_bins": 15}} | params,
        rows=rows,
        oos_rows=rows.iloc[:0],
    )


def test_runs_on_the_same_rows_are_compared_on_all_of_them() -> None:
    found = guard.common_rows(run(predictions(seed=1)), run(predictions(seed=2)))
    assert len(found.ids) == 300
    assert found.remarks == []


def test_a_shrunk_test_set_is_compared_on_the_rows_that_both_share() -> None:
    found = guard.common_rows(run(predictions()), run(predictions().iloc[:250]))
    assert len(found.ids) == 250
    assert found.remarks == ["50 test rows are only in the base"]


def test_relabelled_rows_are_left_out() -> None:
    table = predictions()
    table.iloc[:5, table.columns.get_loc("actual")] = [
        next(name for name in LABELS if name != actual) for actual in table["actual"].iloc[:5]
    ]
    found = guard.common_rows(run(predictions()), run(table))
    assert len(found.ids) == 295
    assert found.remarks == ["5 test rows have another label in the head"]


def test_other_definitions_of_the_scores_are_said() -> None:
    found = guard.common_rows(run(predictions()), run(predictions(), md5="2", evaluation={"ece_bins": 10}))
    assert "the definition of the scores may differ: stages/lib/scores.py has changed" in found.remarks
    assert found.remarks[-1].startswith("evaluation.* differs")


def test_permuting_the_rows_changes_nothing() -> None:
    one, other = predictions(seed=1), predictions(seed=2)
    mixed = other.sample(frac=1, random_state=0)
    ids = guard.common_rows(run(one), run(mixed)).ids
    before = differences(run(one).predictions.loc[ids], run(other).predictions.loc[ids], LABELS, 15)
    after = differences(run(one).predictions.loc[ids], run(mixed).predictions.loc[ids], LABELS, 15)
    pd.testing.assert_frame_equal(before.scores, after.scores)
    pd.testing.assert_frame_equal(before.labels, after.labels)


def test_rows_added_removed_and_relabelled_are_counted_by_split() -> None:
    table = predictions()
    head = table.iloc[10:].copy()
    head.iloc[0, head.columns.get_loc("actual")] = "label 9"
    assert causes.changed_data(run(table), run(head)) == ["test: 0 rows added, 10 removed, 1 relabelled"]
    assert causes.changed_data(run(table), run(table)) == []


def test_other_columns_are_said_to_differ_only_if_they_do() -> None:
    one, other = run(predictions()), run(predictions())
    other.lock["download"]["outs"][0]["md5"] = "another file, as of rows that are a class in one run only"
    assert causes.changed_data(one, other) == []
    other.rows = other.rows.assign(style="hard")
    assert causes.changed_data(one, other) == ["the rows' other columns differ"]


def test_changed_parameters_and_code_are_named() -> None:
    before, after = run(predictions(), lr=1e-4, lora={"r": 8}), run(predictions(), md5="2", lr=2e-4, lora={"r": 8})
    assert causes.changed_params(before, after) == ["lr: 0.0001 -> 0.0002"]
    assert "stages/lib/scores.py (evaluate)" in causes.changed_code(before, after)


GATE = Gate.model_validate(
    {
        "primary": "accuracy",
        "least_rows": 10,
        "metrics": {
            "accuracy": {"direction": "higher", "worth": 0.005, "may_lose": 0.02},
            "log_loss": {"direction": "lower", "worth": 0.01, "may_lose": 0.1},
        },
        "slices": [{"by": "style", "slice": "hard"}],
    }
)


def report(base: pd.DataFrame, head: pd.DataFrame) -> Any:
    style = pd.DataFrame({"style": np.where(np.arange(len(base)) < 100, "hard", "easy")}, index=base.index)
    return SimpleNamespace(
        found=differences(base, head, LABELS, 15), slices=slice_differences(base, head, style), primary="accuracy"
    )


def test_the_gate_names_each_rule_that_is_broken() -> None:
    good, bad = predictions(right=0.95, seed=1), predictions(right=0.6, seed=2)
    assert broken_rules(report(good, good), GATE) == []
    assert broken_rules(report(bad, good), GATE) == []
    sentences = broken_rules(report(good, bad), GATE)
    assert [sentence.split(":")[0] for sentence in sentences] == ["accuracy", "log_loss", "slice style = hard"]
    assert "and review.yaml allows 0.0200" in sentences[0]


def test_a_loss_that_the_interval_does_not_rule_out_shuts_the_gate() -> None:
    base = predictions(right=0.8, seed=1).iloc[:60]
    head = predictions(right=0.8, seed=2).iloc[:60]
    found = report(base, head)
    low = found.found.scores.set_index("metric").loc["accuracy", "low"]
    assert low < -0.02
    assert broken_rules(found, GATE)[0].startswith("accuracy: the 95% interval reaches a loss of")


def test_slices_are_the_sources_own_columns_length_nearness_and_truncation() -> None:
    rows = pd.DataFrame(
        {
            "text": ["where is my parcel today", "something else", "where is my parcel today?", "bye bye now"],
            "label": list("abab"),
            "split": ["test", "test", "train", "train"],
            "style": ["hard", "everyday", "hard", "hard"],
            "truncated": [False, True, False, False],
            "tokens": [7, 20, 7, 5],
        },
        index=list("wxyz"),
    )
    found = slices(rows, pd.Index(["w", "x"]))
    assert found["near-duplicate of a training row"].tolist() == ["yes", "no"]
    assert found["length"].tolist() == ["up to 8 tokens", "17 to 32"]
    assert found["truncated"].tolist() == ["no", "yes"]
    assert found["style"].tolist() == ["hard", "everyday"]


def test_a_slice_with_few_rows_is_left_out() -> None:
    base, head = predictions(seed=1), predictions(seed=2)
    style = pd.DataFrame({"style": np.where(np.arange(300) < 5, "few", "many")}, index=base.index)
    assert slice_differences(base, head, style)["slice"].tolist() == ["many"]
