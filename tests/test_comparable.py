"""What of two runs can be compared, and what changed between them."""

from types import SimpleNamespace
from typing import Any

import pandas as pd

from tests.test_differences import LABELS, differences, predictions
from tools.review.changes import changed_code, changed_data, changed_params
from tools.review.comparable import SCORING, common_rows


def run(table: pd.DataFrame, md5: str = "1", **params: Any) -> Any:
    """A run of toy predictions."""
    stage = {"deps": [{"path": path, "md5": md5} for path in SCORING]}
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
    found = common_rows(run(predictions(seed=1)), run(predictions(seed=2)))
    assert len(found.ids) == 300
    assert found.remarks == []


def test_a_shrunk_test_set_is_compared_on_the_rows_that_both_share() -> None:
    found = common_rows(run(predictions()), run(predictions().iloc[:250]))
    assert len(found.ids) == 250
    assert found.remarks == ["50 test rows are only in the base"]


def test_relabeled_rows_are_left_out() -> None:
    table = predictions()
    table.iloc[:5, table.columns.get_loc("actual")] = [
        next(name for name in LABELS if name != actual) for actual in table["actual"].iloc[:5]
    ]
    found = common_rows(run(predictions()), run(table))
    assert len(found.ids) == 295
    assert found.remarks == ["5 test rows have a different label in the head"]


def test_of_many_labels_that_one_side_lacks_the_first_are_named() -> None:
    base, head = run(predictions()), run(predictions())
    head.labels = [*LABELS, *(f"new_{number}" for number in range(120))]
    (remark,) = common_rows(base, head).remarks
    assert remark == "120 labels (new_0, new_1, new_10, new_100, new_101 and 115 more) only in the head"
    assert common_rows(head, base).remarks == [remark.replace("head", "base")]


def test_other_definitions_of_the_scores_are_said() -> None:
    found = common_rows(run(predictions()), run(predictions(), md5="2", evaluation={"ece_bins": 10}))
    assert "the definition of the scores may differ: textclf/metrics/scores.py has changed" in found.remarks
    assert found.remarks[-1].startswith("evaluation.* differs")


def test_permuting_the_rows_changes_nothing() -> None:
    one, other = predictions(seed=1), predictions(seed=2)
    mixed = other.sample(frac=1, random_state=0)
    ids = common_rows(run(one), run(mixed)).ids
    before = differences(run(one).predictions.loc[ids], run(other).predictions.loc[ids])
    after = differences(run(one).predictions.loc[ids], run(mixed).predictions.loc[ids])
    pd.testing.assert_frame_equal(before.scores, after.scores)
    pd.testing.assert_frame_equal(before.labels, after.labels)


def test_rows_added_removed_and_relabeled_are_counted_by_split() -> None:
    table = predictions()
    head = table.iloc[10:].copy()
    head.iloc[0, head.columns.get_loc("actual")] = "label 9"
    assert changed_data(run(table), run(head)) == ["test: 0 rows added, 10 removed, 1 relabeled"]
    assert changed_data(run(table), run(table)) == []


def test_other_columns_are_said_to_differ_only_if_they_do() -> None:
    one, other = run(predictions()), run(predictions())
    other.lock["download"]["outs"][0]["md5"] = "another file, as of rows that are a class in one run only"
    assert changed_data(one, other) == []
    other.rows = other.rows.assign(style="hard")
    assert changed_data(one, other) == ["the rows' other columns differ"]


def test_changed_parameters_and_code_are_named() -> None:
    before, after = run(predictions(), lr=1e-4, lora={"r": 8}), run(predictions(), md5="2", lr=2e-4, lora={"r": 8})
    assert changed_params(before, after) == ["lr: 0.0001 -> 0.0002"]
    assert "textclf/metrics/scores.py (evaluate)" in changed_code(before, after)


def test_another_method_is_no_change_of_code() -> None:
    before, after = run(predictions(), method="full"), run(predictions(), method="lora")
    for one, method in ((before, "full"), (after, "lora")):
        one.lock["train"] = {"deps": [{"path": f"textclf/methods/{method}.py", "md5": method}]}
    assert changed_code(before, after) == []
