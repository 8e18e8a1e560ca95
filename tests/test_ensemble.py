"""The mean of several runs' probabilities: its scores, and the runs that have none."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from textclf.errors import InputError
from tools.ensemble.ensemble import ensemble_table

IDS, ACTUAL = ["r1", "r2", "r3", "r4"], ["a", "b", "a", "b"]


def run(
    name: str,
    of_a: list[float],
    ids: list[str] = IDS,
    actual: list[str] = ACTUAL,
    temperature: float = 1.0,
    unvalidated: bool = False,
) -> Any:
    """A run of four rows with these probabilities of `a`, and no stages."""
    logits = [[np.log(share), np.log(1 - share)] for share in of_a]
    rows = pd.DataFrame({"id": ids, "actual": actual, "logits": logits})
    files = {"metrics/calibration.json": {"temperature": temperature}, "metrics/train.json": {"size_mb": 2.5}}
    revision = SimpleNamespace(
        name=name,
        sha=name,
        json=files.get,
        parquet=lambda path: rows.head(0) if unvalidated and "test" not in path else rows,
    )
    return SimpleNamespace(revision=revision, labels=["a", "b"], stages={}, lock={})


def test_the_mean_of_two_runs_that_err_on_different_rows_is_right_on_all() -> None:
    one, two = run("one", [0.9, 0.1, 0.4, 0.1]), run("two", [0.4, 0.2, 0.9, 0.2])
    _, _, first, second, mean = ensemble_table([one, two])
    loss = -np.mean(np.log([0.65, 0.85, 0.65, 0.85]))
    assert first.startswith("| `one` | 0.7500 | ")
    assert second.split(" | ")[3] == "0.7500"
    assert mean == f"| mean of the 2 | 1.0000 | {loss:.4f} | 1.0000 | 1.0000 | {loss:.4f} | 5.0 |"


def test_each_run_is_calibrated_and_the_order_of_its_rows_does_not_matter() -> None:
    calibrated = run("calibrated", [0.8, 0.5, 0.8, 0.5], temperature=0.5)
    order = [2, 3, 0, 1]
    turned = run("turned", [0.8, 0.5, 0.8, 0.5], [IDS[i] for i in order], [ACTUAL[i] for i in order])
    share = (0.64 / 0.68 + 0.8) / 2  # temperature 0.5 squares the odds
    loss = -np.mean(np.log([share, 0.5]))
    assert f"| {loss:.4f} | 5.0 |" in ensemble_table([calibrated, turned])[-1]


def test_without_validation_rows_their_cells_are_empty() -> None:
    runs = [run(name, [share, 0.1, 0.4, 0.1], unvalidated=True) for name, share in (("one", 0.9), ("two", 0.8))]
    assert ensemble_table(runs)[-1].startswith("| mean of the 2 |  |  | 0.7500 |")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ids": ["r1", "r2", "r3", "r9"]}, "two has other validation rows than one"),
        ({"actual": ["a", "b", "b", "b"]}, "two has other validation rows than one"),
    ],
)
def test_runs_with_other_rows_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        ensemble_table([run("one", [0.9, 0.1, 0.4, 0.1]), run("two", [0.9, 0.1, 0.4, 0.1], **changes)])


def test_a_run_whose_scores_are_stale_is_refused() -> None:
    one, two = run("one", [0.9, 0.1, 0.4, 0.1]), run("two", [0.4, 0.2, 0.9, 0.2])
    two.stages = {"train": {}}
    with pytest.raises(InputError, match="two: its scores are stale"):
        ensemble_table([one, two])


@pytest.mark.parametrize("unvalidated", [False, True])
def test_the_same_run_under_another_name_is_refused(unvalidated: bool) -> None:
    first, second, again = (
        run(name, [share, 0.1, 0.4, 0.1], unvalidated=unvalidated)
        for name, share in (("one", 0.9), ("two", 0.8), ("workspace", 0.9))
    )
    with pytest.raises(InputError, match="workspace has the same predictions as one: give each run once"):
        ensemble_table([first, second, again])


def test_runs_with_other_labels_are_refused() -> None:
    other = run("two", [0.9, 0.1, 0.4, 0.1])
    other.labels = ["a", "c"]
    with pytest.raises(InputError, match="two has other labels than one"):
        ensemble_table([run("one", [0.9, 0.1, 0.4, 0.1]), other])


@pytest.mark.parametrize("typed_names", [["main"], ["main", "main"]])
def test_one_run_or_the_same_twice_is_refused(typed_names: list[str], in_tmp: Path, typed: Any) -> None:
    from tools.ensemble.__main__ import main

    assert "give two or more runs, each of them once" in typed(main, in_tmp, *typed_names, fails=True)
