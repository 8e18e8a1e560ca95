"""The gate: which rules of review.yaml a run breaks."""

from dataclasses import dataclass

from textclf.errors import InputError
from tools.review.report import Report
from tools.review.rules import Rules, SliceRule
from tools.stats.slices import MIN_ROWS


@dataclass(frozen=True)
class Gate:
    """What the rules of review.yaml say of a run: a sentence for each rule that it breaks, or that is moot."""

    rules: int
    broken: list[str]
    moot: list[str]

    @property
    def headline(self) -> str:
        """The verdict in one sentence."""
        if self.broken:
            return f"Gate failed: {len(self.broken)} of {self.rules} rules are broken."
        return f"Gate passed: none of {self.rules} rules is broken."


def judge(report: Report, rules: Rules) -> Gate:
    """Return what the rules say of the head."""
    moot = moot_rules(report, rules)
    sentences = [f"slice {rule.by} = {rule.slice} is for data set {rule.dataset}" for rule in moot]
    return Gate(len(rules.metrics) + len(rules.slices) - len(moot), broken_rules(report, rules), sentences)


def broken_rules(report: Report, rules: Rules) -> list[str]:
    """Return a sentence for each rule that the head breaks.

    A score breaks its rule if the worse end of its 95% interval lies beyond the margin: such a loss cannot be ruled
    out. A slice breaks its rule if the whole interval lies beyond the margin: the loss is shown. A rule for a slice
    that is not there is an `InputError`, unless it is moot.
    """
    sentences = []
    scores = report.differences.scores.set_index("metric")
    for metric, rule in rules.metrics.items():
        low, high = scores.loc[metric, ["low", "high"]]
        loss = -low if rule.direction == "higher" else high
        if loss > rule.margin:
            allowed = f"review.yaml allows {rule.margin:.4f}"
            sentences.append(f"{metric}: a loss of {loss:.4f} cannot be ruled out (95% interval); {allowed}")
    for part in rules.slices:
        if part not in moot_rules(report, rules):
            sentences += _broken_slice(report, part)
    return sentences


def moot_rules(report: Report, rules: Rules) -> list[SliceRule]:
    """Return the rules for slices of another data set than the head's."""
    dataset = report.head.params["dataset"]
    return [part for part in rules.slices if part.dataset not in (None, dataset)]


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
    return [f"slice {part.by} = {part.slice}: {lost}; the whole 95% interval is beyond the allowed margin"]
