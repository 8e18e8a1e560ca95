"""A review's content: everything that its pages show, computed once."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from textclf.errors import InputError
from tools.review.changes import changes
from tools.review.comparable import common_rows
from tools.review.differences import Differences, compare_predictions, flips
from tools.review.oos_differences import moved_rows, oos_differences
from tools.review.rules import Rules
from tools.runs.run import Run
from tools.runs.seeds import Spread, read_spread
from tools.runs.stale import stale
from tools.stats.slices import slice_differences, slices


class NotComparable(InputError):
    """Two runs that share too few test rows."""


@dataclass(frozen=True)
class Report:
    """A review of `head` against `base`.

    `rows` are the test rows that one side gets right and the other wrong, the largest change of loss first: id, text,
    actual, base, head, base_confidence, head_confidence, change (of the loss), flip (fixed or broken). `moved` and
    `oos` are the tables of tools/review/oos_differences.py.
    """

    base: Run
    head: Run
    primary: str
    min_effect: float
    remarks: list[str]
    stale_base: str | None
    changes: list[tuple[str, str]]
    differences: Differences
    rows: pd.DataFrame
    slices: pd.DataFrame
    moved: pd.DataFrame
    oos: pd.DataFrame
    spread: Spread | None

    @property
    def row(self) -> "pd.Series[Any]":
        """The primary metric's row of the scores."""
        return self.differences.scores.set_index("metric").loc[self.primary]

    @property
    def verdict(self) -> str:
        """The primary metric's verdict."""
        return str(self.row["verdict"])


def compare(base: Run, head: Run, rules: Rules) -> Report:
    """Compare two runs, or raise `InputError` if the head is stale and `NotComparable` if they share too few rows."""
    if reason := stale(head):
        raise InputError(f"{reason}; dvc repro, then commit dvc.lock and metrics")
    common = common_rows(base, head)
    if len(common.ids) < rules.min_rows:
        shared = f"they share {len(common.ids):,} test rows with the same label; "
        shared += f"min_rows in review.yaml asks for {rules.min_rows:,}"
        raise NotComparable("; ".join([f"not comparable: {shared}", *common.remarks]))
    before, after = (run.predictions.loc[common.ids] for run in (base, head))
    labels = list(dict.fromkeys([*head.labels, *base.labels]))
    bins = int(head.params["evaluation"]["ece_bins"])
    return Report(
        base=base,
        head=head,
        primary=rules.primary,
        min_effect=rule.min_effect if (rule := rules.metrics.get(rules.primary)) else 0.0,
        remarks=common.remarks,
        stale_base=stale(base),
        changes=changes(base, head),
        differences=compare_predictions(before, after, labels, bins),
        rows=flipped_rows(before, after, head.rows["text"]),
        slices=slice_differences(before, after, slices(head.rows, common.ids)),
        moved=moved_rows(base, head),
        oos=oos_differences(base, head),
        spread=read_spread(base),
    )


def flipped_rows(base: pd.DataFrame, head: pd.DataFrame, texts: "pd.Series[str]") -> pd.DataFrame:
    """Return the rows that were fixed or broken, the largest change of loss first."""
    flipped = flips(base, head)
    both = pd.DataFrame(
        {
            "flip": flipped,
            "text": texts.reindex(base.index),
            "actual": base["actual"],
            "base": base["predicted"],
            "base_confidence": base["confidence"],
            "head": head["predicted"],
            "head_confidence": head["confidence"],
            "change": head["loss"] - base["loss"],
        }
    ).loc[flipped.index]
    order = both["change"].abs().sort_values(ascending=False, kind="stable").index
    return both.loc[order].reset_index()
