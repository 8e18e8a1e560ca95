"""The gate: which rules of review.yaml a run breaks."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from textclf.errors import InputError
from textclf.metrics.slices import MIN_ROWS
from tools.review.report import Report, of_drawing
from tools.review.rules import OOS_SCORES, ChangeRule, Rules, ScoreRule, SliceRule
from tools.stats.power import rows_to_rule_out


@dataclass(frozen=True)
class Gate:
    """What the rules of review.yaml say of a run: a sentence for each rule that it breaks, or that is moot."""

    rules: int
    broken: list[str]
    moot: list[str]
    error: str = ""  # why no rule could be applied

    @property
    def headline(self) -> str:
        """The verdict in one sentence."""
        if self.broken:
            return f"Gate failed: {len(self.broken)} of {self.rules} rules are broken."
        if not self.rules:
            return "Gate: no rule of review.yaml was applied."
        return f"Gate passed: none of {self.rules} rules is broken."


def judge(report: Report, rules: Rules) -> Gate:
    """Return what the rules say of the head."""
    moot = moot_rules(report, rules)
    whole = len(rules.metrics) + len(rules.slices) + len(rules.robustness)
    return Gate(whole - len(moot), broken_rules(report, rules), [_why_moot(report, rule) for rule in moot])


def try_to_judge(report: Report, rules: Rules) -> Gate:
    """Return what the rules say; where one can't be applied, that it can't, so that the rest of the review is shown."""
    try:
        return judge(report, rules)
    except InputError as error:
        return Gate(0, [], [str(error)], str(error))


def broken_rules(report: Report, rules: Rules) -> list[str]:
    """Return a sentence for each rule that the head breaks.

    A score breaks a rule `non_inferior` if its 95% interval reaches beyond the margin: such a loss cannot be ruled out.
    It breaks a rule `not_worse`, as a slice breaks its rule, if the whole interval lies beyond the margin: the loss is
    shown. A rule for changed texts is either. A rule for a score, a slice or a change that is not there is an
    `InputError`, unless it is moot.
    """
    scores = pd.concat([report.differences.scores, report.oos]).set_index("metric")
    sentences = []
    for metric, rule in rules.metrics.items():
        if metric not in scores.index or scores.loc[metric, "low"] != scores.loc[metric, "low"]:
            raise InputError(f"review.yaml: metrics.{metric}: this comparison has no interval of that score")
        if metric in OOS_SCORES and 1 in of_drawing(report, report.decided):
            raise InputError(f"review.yaml: metrics.{metric} is judged with two or more seeds on each side: --seeds 5")
        sentences += _broken_score(metric, rule, scores.loc[metric], report)
    moot = moot_rules(report, rules)
    for part in rules.slices:
        sentences += [] if part in moot else _broken_slice(report, part)
    for change in rules.robustness:
        sentences += [] if change in moot else _broken_change(report, change)
    return sentences


def moot_rules(report: Report, rules: Rules) -> list[SliceRule | ChangeRule]:
    """Return the rules for another data set than the head's, and those for texts that the runs didn't change alike."""
    dataset = report.head.params["dataset"]
    every: list[SliceRule | ChangeRule] = [*rules.slices, *rules.robustness]
    return [
        part
        for part in every
        if part.dataset not in (None, dataset) or (isinstance(part, ChangeRule) and report.changed_texts.not_alike)
    ]


def _why_moot(report: Report, rule: SliceRule | ChangeRule) -> str:
    if rule.dataset not in (None, report.head.params["dataset"]):
        return f"{_name(rule)} is for data set {rule.dataset}"
    return f"{_name(rule)}: {report.changed_texts.not_alike}"


def _name(rule: SliceRule | ChangeRule) -> str:
    if isinstance(rule, SliceRule):
        return f"slice {rule.by} = {rule.slice}"
    return f"{rule.score} with change {rule.change}"


def _broken_score(metric: str, rule: ScoreRule, row: "pd.Series[Any]", report: Report) -> list[str]:
    higher = rule.direction == "higher"
    least, most = (-row["high"], -row["low"]) if higher else (row["low"], row["high"])
    allowed = f"review.yaml allows {rule.margin:.4f}"
    if rule.rule == "not_worse":
        return (
            [f"{metric}: a loss of at least {least:.4f} is shown (95% interval); {allowed}"]
            if least > rule.margin
            else []
        )
    if most <= rule.margin:
        return []
    sentence = f"{metric}: a loss of {most:.4f} cannot be ruled out (95% interval); {allowed}"
    room = rule.margin + (row["difference"] if higher else -row["difference"])
    rows = (
        rows_to_rule_out(report.differences.accuracy, report.differences.rows, room) if metric == "accuracy" else None
    )
    ways = [
        *([f"about {rows:,} test rows"] if rows else []),
        *(["more seeds (--seeds 5)"] if min(of_drawing(report, report.seeds), default=5) < 5 else []),
    ]
    return [f"{sentence}; {' or '.join(ways)} could tell" if ways and room > 0 else sentence]


def _broken_slice(report: Report, part: SliceRule) -> list[str]:
    row = next((row for _, row in report.slices.iterrows() if (row["by"], row["slice"]) == (part.by, part.slice)), None)
    if row is None:
        known = ", ".join(
            f"{by} = {value}" for by, value in zip(report.slices["by"], report.slices["slice"], strict=True)
        )
        raise InputError(
            f"review.yaml: slices: no slice {part.by} = {part.slice} of {MIN_ROWS} or more of the shared test rows; "
            f"there are: {known or 'none'}"
        )
    if row["high"] >= -part.margin:
        return []
    lost = f"accuracy dropped by {100 * -row['difference']:.1f} points"
    return [f"{_name(part)}: {lost}; the whole 95% interval is beyond the allowed margin"]


def _broken_change(report: Report, part: ChangeRule) -> list[str]:
    row = next((row for _, row in report.changed_texts.table.iterrows() if row["change"] == part.change), None)
    if row is None:
        known = ", ".join(report.changed_texts.table["change"])
        raise InputError(f"review.yaml: robustness: no change {part.change}; there are: {known}")
    name, allowed = _name(part), f"review.yaml allows {part.margin:.4f}"
    if part.rule == "not_worse":
        shown = f"{name}: a loss of at least {-row['high']:.4f} is shown (95% interval); {allowed}"
        return [shown] if row["high"] < -part.margin else []
    possible = f"{name}: a loss of {-row['low']:.4f} cannot be ruled out (95% interval); {allowed}"
    return [possible] if row["low"] < -part.margin else []
