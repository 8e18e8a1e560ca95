"""Two runs' answers to changed texts, compared on the rows that both changed alike."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.test_differences import predictions, seeds
from tools.review.differences import UNKNOWN
from tools.review.robustness_differences import compare_changed_texts, incomparable
from tools.review.tables import _expectations, _robustness

WORDS = {"path": "textclf/changes/report.txt", "md5": "1"}
LABELS = ["kind", "label", "texts", "answers", "met"]


def run(rows: pd.DataFrame, typos: int, name: str = "main", **changes: Any) -> Any:
    """A run whose first `typos` right answers change with a typing error; of all rows, a sample of 100."""
    sample = rows.iloc[:100]
    right = sample.index[sample["actual"] == sample["predicted"]][:typos]
    typo = sample["predicted"].mask(sample.index.isin(right), "another label")
    table = pd.DataFrame({"actual": sample["actual"], "none": sample["predicted"], "typo": typo})
    met = [("same", "", "x | y", "a | a", True), ("expect", "b", "z", "b", typos == 0)]
    content = {
        "changed_texts": table,
        "expectations": pd.DataFrame(met, columns=LABELS),
        "revision": SimpleNamespace(name=name),
        "lock": {"robustness": {"deps": [WORDS, {"path": "stages/robustness.py", "md5": "1"}]}},
    }
    return SimpleNamespace(**content | changes)


ROWS = predictions(right=0.9)


def compared(base: Any, head: Any) -> Any:
    return compare_changed_texts((base, head), (seeds(ROWS), seeds(ROWS)), 0.005, UNKNOWN)


def test_accuracies_are_compared_row_by_row_for_each_change() -> None:
    table = compared(run(ROWS, 0), run(ROWS, 12)).table.set_index("change")
    assert table.loc["none", ["rows", "difference", "low", "high"]].tolist() == [100, 0, 0, 0]
    assert table.loc["typo", "difference"] == pytest.approx(-0.12)
    assert table.loc["typo", "low"] < -0.12 < table.loc["typo", "high"] < 0
    assert table.loc["typo", "verdict"] == "regressed"
    back = compared(run(ROWS, 12), run(ROWS, 0)).table.set_index("change")
    assert back.loc["typo", "verdict"] == "improved"


def test_the_spread_between_a_sides_seeds_widens_the_interval() -> None:
    runs = (run(ROWS, 0), run(ROWS, 12))
    several = seeds(*(predictions(right=right, seed=number) for number, right in enumerate((0.7, 0.8, 0.9))))
    wide = compare_changed_texts(runs, (several, several), 0.005, UNKNOWN).table.set_index("change")
    narrow = compared(*runs).table.set_index("change")
    assert wide.loc["typo", "difference"] == narrow.loc["typo", "difference"]
    assert wide.loc["typo", "high"] - wide.loc["typo", "low"] > narrow.loc["typo", "high"] - narrow.loc["typo", "low"]


def test_rows_of_one_run_alone_and_relabeled_ones_are_left_out() -> None:
    head = run(ROWS, 12)
    head.changed_texts = head.changed_texts.iloc[10:].copy()
    head.changed_texts.loc[head.changed_texts.index[0], "actual"] = "another label"
    assert compared(run(ROWS, 0), head).table["rows"].tolist() == [89, 89]


def test_texts_that_were_not_changed_alike_are_not_compared() -> None:
    other = run(ROWS, 12, lock={"robustness": {"deps": [WORDS | {"md5": "2"}]}})
    assert incomparable(run(ROWS, 0), other) == (
        "the runs change texts in different ways: textclf/changes/report.txt differs"
    )
    assert compared(run(ROWS, 0), other).table.empty
    older = run(ROWS, 0, name="v0.1.0", changed_texts=None, expectations=None, lock={})
    found = compared(older, run(ROWS, 0))
    assert found.not_alike == "v0.1.0 has no answers to changed texts: it has no stage robustness"
    assert found.expectations.empty
    few = run(ROWS, 0)
    few.changed_texts = few.changed_texts.iloc[:19]
    assert incomparable(few, few) == "the runs share 19 rows with changed texts; 20 are needed"


def test_expectations_that_one_run_alone_meets_are_listed() -> None:
    (row,) = compared(run(ROWS, 0), run(ROWS, 12)).expectations.to_dict("records")
    assert row == {"flip": "broken", "kind": "expect", "texts": "z", "label": "b", "base": "b", "head": "b"}


def test_both_are_tables_of_the_review() -> None:
    report: Any = SimpleNamespace(changed_texts=compared(run(ROWS, 0), run(ROWS, 12)))
    shown = _robustness(report)
    assert [row[0] for row in shown.rows] == ["none", "typo"]
    assert shown.rows[1][4] == "-12.0"
    assert {len(row) for row in shown.rows} == {len(shown.columns)}
    assert _expectations(report).rows == [["broken", "expect", "z", "b", "b", "b"]]
    assert np.isfinite(report.changed_texts.table["low"]).all()
