"""A review's content: everything that its pages show, computed once."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from stages.lib.errors import InputError
from tools.lib.causes import causes
from tools.lib.differences import Differences, differences
from tools.lib.gate import Gate
from tools.lib.guard import common_rows, stale
from tools.lib.noise import Spread, read_spread
from tools.lib.runs import Run
from tools.lib.scope_differences import moved_rows, scope_differences
from tools.lib.slices import slice_differences, slices


class NotComparable(InputError):
    """Two runs that share too few test rows."""


@dataclass(frozen=True)
class Report:
    """A review of `head` against `base`.

    `rows` are those that one side gets right and the other wrong, by how much their loss moved: id, text, actual, base,
    head, base_confidence, head_confidence, change (of the loss), flip (fixed or broken). `moved` and `scope` are those
    of tools/lib/scope_differences.py.
    """

    base: Run
    head: Run
    primary: str
    worth: float
    remarks: list[str]
    causes: list[tuple[str, str]]
    found: Differences
    rows: pd.DataFrame
    slices: pd.DataFrame
    moved: pd.DataFrame
    scope: pd.DataFrame
    spread: Spread | None

    @property
    def row(self) -> "pd.Series[Any]":
        """The primary metric's row of the scores."""
        return self.found.scores.set_index("metric").loc[self.primary]

    @property
    def verdict(self) -> str:
        """The primary metric's verdict."""
        return str(self.row["verdict"])


def review(base: Run, head: Run, gate: Gate) -> Report:
    """Compare two runs, or raise `InputError` if the head is stale and `NotComparable` if they share too few rows."""
    if reason := stale(head):
        raise InputError(f"{reason}; dvc repro, then commit dvc.lock and metrics")
    common = common_rows(base, head)
    if len(common.ids) < gate.least_rows:
        shared = f"they share {len(common.ids):,} test rows with the same label, of {gate.least_rows:,} that are needed"
        raise NotComparable("; ".join([f"not comparable: {shared}", *common.remarks]))
    before, after = (run.predictions.loc[common.ids] for run in (base, head))
    labels = list(dict.fromkeys([*head.labels, *base.labels]))
    bins = int(head.params["evaluation"]["ece_bins"])
    return Report(
        base=base,
        head=head,
        primary=gate.primary,
        worth=rule.worth if (rule := gate.metrics.get(gate.primary)) else 0.0,
        remarks=[*common.remarks, *filter(None, [stale(base)])],
        causes=causes(base, head),
        found=differences(before, after, labels, bins),
        rows=flipped_rows(before, after, head.rows["text"]),
        slices=slice_differences(before, after, slices(head.rows, common.ids)),
        moved=moved_rows(base, head),
        scope=scope_differences(base, head),
        spread=read_spread(base),
    )


def flipped_rows(base: pd.DataFrame, head: pd.DataFrame, texts: "pd.Series[str]") -> pd.DataFrame:
    """Return the rows that were fixed or broken, the largest change of loss first."""
    right, now_right = (table["actual"] == table["predicted"] for table in (base, head))
    both = pd.DataFrame(
        {
            "flip": now_right.map({True: "fixed", False: "broken"}),
            "text": texts.reindex(base.index),
            "actual": base["actual"],
            "base": base["predicted"],
            "base_confidence": base["confidence"],
            "head": head["predicted"],
            "head_confidence": head["confidence"],
            "change": head["loss"] - base["loss"],
        }
    )[right != now_right]
    order = both["change"].abs().sort_values(ascending=False, kind="stable").index
    return both.loc[order].reset_index()
