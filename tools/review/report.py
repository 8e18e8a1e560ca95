"""A review's content: everything that its pages show, computed once."""

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from textclf.errors import InputError
from textclf.metrics.slices import slices
from tools.review.changes import changes, same_inputs
from tools.review.comparable import Common, common_rows
from tools.review.data_changes import DataChanges, data_changes
from tools.review.differences import Differences, compare_predictions, flips
from tools.review.oos_differences import Decisions, moved_rows, oos_differences
from tools.review.robustness_differences import ChangedTexts, compare_changed_texts
from tools.review.rules import Rules
from tools.review.slice_differences import slice_differences
from tools.runs.config import draws
from tools.runs.records import read_record
from tools.runs.run import Run
from tools.runs.stale import stale
from tools.runs.tables import pooled_variance, seeds_of

SAME_INPUTS = "same inputs"


class NotComparable(InputError):
    """Two runs that share too few test rows."""


@dataclass(frozen=True)
class Report:
    """A review of `head` against `base`.

    `seeds` is how many seeds each side has, `draw` whether another seed would predict otherwise, and `decided` how many
    of the seeds have out-of-scope decisions; `pooled` over how many recorded configurations the variance between seeds
    of a side with one seed was pooled, 0 if there is none. `rows` are the test rows that one run gets right and the
    other wrong, the largest change of loss first: id, text, actual, base, head, base_confidence, head_confidence,
    change (of the loss), flip (fixed or broken). `moved` and `oos` are the tables of tools/review/oos_differences.py,
    `changed_texts` is of tools/review/robustness_differences.py.
    """

    base: Run
    head: Run
    primary: str
    min_effect: float
    remarks: list[str]
    stale_base: str | None
    changes: list[tuple[str, str]]
    data: DataChanges
    differences: Differences
    rows: pd.DataFrame
    slices: pd.DataFrame
    moved: pd.DataFrame
    oos: pd.DataFrame
    changed_texts: ChangedTexts
    seeds: tuple[int, int]
    draw: tuple[bool, bool]
    decided: tuple[int, int]
    pooled: int
    same_inputs: bool

    @property
    def row(self) -> "pd.Series[Any]":
        """The primary metric's row of the scores."""
        return self.differences.scores.set_index("metric").loc[self.primary]

    @property
    def verdict(self) -> str:
        """The primary metric's verdict."""
        return SAME_INPUTS if self.same_inputs else str(self.row["verdict"])


def compare(base: Run, head: Run, rules: Rules) -> Report:
    """Compare two runs, or raise `InputError` if the head is stale and `NotComparable` if they share too few rows."""
    common = shared_rows(base, head, rules)
    sides = [seeds_of(run).on(common.ids) for run in (base, head)]
    seeds = (len(sides[0].tables), len(sides[1].tables))
    draw = draws(base.params), draws(head.params)
    known, pooled = (
        pooled_variance(_train_rows(head), (base, head)) if (1, True) in zip(seeds, draw, strict=True) else ({}, 0)
    )
    spread = (known if draw[0] else {}, known if draw[1] else {})
    labels = list(dict.fromkeys([*head.labels, *base.labels]))
    effects, reason = rules.effects, stale(base)
    decisions = _decisions(base), _decisions(head)
    differences = compare_predictions(
        sides[0], sides[1], labels, int(head.params["evaluation"]["ece_bins"]), effects, spread
    )
    report = Report(
        base=base,
        head=head,
        primary=rules.primary,
        min_effect=effects.get(rules.primary, 0.0),
        remarks=common.remarks,
        stale_base=reason,
        changes=changes(base, head),
        data=data_changes(base, head),
        differences=differences,
        rows=flipped_rows(sides[0].tables[0], sides[1].tables[0], head.rows["text"]),
        slices=slice_differences(sides[0], sides[1], slices(head.rows, common.ids), effects.get("accuracy"), spread),
        moved=moved_rows(base, head),
        oos=oos_differences(decisions[0], decisions[1], effects, draw),
        decided=(len(decisions[0]), len(decisions[1])),
        changed_texts=compare_changed_texts((base, head), (sides[0], sides[1]), effects.get("accuracy"), spread),
        seeds=seeds,
        draw=draw,
        pooled=pooled,
        same_inputs=reason is None and same_inputs(base, head),
    )
    whole = len(common.ids) == len(base.predictions) == len(head.predictions)
    check_primary(rules.primary, set(differences.scores["metric"]), whole)
    return without_verdicts(report) if report.same_inputs else report


def of_drawing(report: Report, counts: tuple[int, int]) -> list[int]:
    """Return the counts of those sides for which another seed would say more."""
    return [count for count, draws in zip(counts, report.draw, strict=True) if draws]


def check_primary(name: str, found: set[str], whole: bool) -> None:
    """Raise `InputError` if the primary score isn't among those that were `found`; `whole`: on all rows of both."""
    if name in found:
        return
    of_whole = "it is compared on the same test rows alone; name another primary score"
    hint = of_whole if name == "roc_auc" and not whole else "run dvc repro in both"
    raise InputError(f"review.yaml: primary: these runs can't be compared by {name}; {hint}")


def shared_rows(base: Run, head: Run, rules: Rules) -> Common:
    """Return the test rows that both share, or raise as `compare` does."""
    if reason := stale(head):
        raise InputError(f"{reason}; dvc repro, then commit dvc.lock and metrics")
    common = common_rows(base, head)
    if len(common.ids) < rules.min_rows:
        shared = f"they share {len(common.ids):,} test rows with the same label; "
        shared += f"min_rows in review.yaml asks for {rules.min_rows:,}"
        raise NotComparable("; ".join([f"not comparable: {shared}", *common.remarks]))
    return common


def without_verdicts(report: Report) -> Report:
    """Return `report` with no score called improved or regressed: nothing that could make it better has changed."""
    tables = {name: getattr(report, name).assign(verdict=SAME_INPUTS) for name in ("slices", "oos")}
    scores = report.differences.scores.assign(verdict=SAME_INPUTS)
    changed = replace(report.changed_texts, table=report.changed_texts.table.assign(verdict=SAME_INPUTS))
    return replace(report, differences=replace(report.differences, scores=scores), changed_texts=changed, **tables)


def _train_rows(run: Run) -> int:
    return int(run.revision.json("metrics/split.json")["train"])


def _decisions(run: Run) -> Decisions:
    """Return the out-of-scope decisions of the run and of the recorded seeds of its configuration."""
    if run.decisions is None:
        return []
    record, own = read_record(run), run.params["seed"]
    others = [record.decisions(seed) for seed in record.seeds if seed != own] if record else []
    return [run.decisions, *(table for table in others if table is not None)]


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
