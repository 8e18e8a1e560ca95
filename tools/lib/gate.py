"""The gate: review.yaml says what a change may lose, and is itself reviewed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from stages.lib.specs import read_spec

if TYPE_CHECKING:
    from tools.lib.report import Report

REVIEW = Path("review.yaml")

Score = Literal["accuracy", "macro_f1", "weighted_f1", "macro_precision", "macro_recall", "log_loss", "ece"]
Share = Annotated[float, Field(ge=0)]


class Rule(BaseModel):
    """What is asked of one metric."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    direction: Literal["higher", "lower"]
    worth: Share  # the smallest difference worth having; less is no improvement to speak of
    may_lose: Share  # non-inferiority margin: the interval's worse bound may not lie beyond it


class SliceRule(BaseModel):
    """A slice in which accuracy must not regress."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    by: str
    slice: str
    may_lose: Share = 0.0


class Gate(BaseModel):
    """review.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    primary: Score
    least_rows: Annotated[int, Field(ge=1)]
    metrics: dict[Score, Rule]
    slices: tuple[SliceRule, ...] = ()


def read_gate(path: Path = REVIEW) -> Gate:
    """Return the rules, or an `InputError` for a mistake in them."""
    return read_spec(path, Gate)


def broken_rules(report: Report, gate: Gate) -> list[str]:
    """Return a sentence for each rule that the head breaks.

    A metric breaks its rule if the worse bound of its 95% interval lies further from 0 than it may lose: the data do
    not rule such a loss out. A slice does if its whole interval lies beyond its margin: the loss is there.
    """
    sentences = []
    scores = report.found.scores.set_index("metric")
    for metric, rule in gate.metrics.items():
        low, high = scores.loc[metric, ["low", "high"]]
        loss = -low if rule.direction == "higher" else high
        if loss > rule.may_lose:
            bound = f"the 95% interval reaches a loss of {loss:.4f}, and review.yaml allows {rule.may_lose:.4f}"
            sentences.append(f"{metric}: {bound}")
    for part in gate.slices:
        found = report.slices[(report.slices["by"] == part.by) & (report.slices["slice"] == part.slice)]
        for _, row in found.iterrows():
            if row["high"] < -part.may_lose:
                sentences.append(f"slice {part.by} = {part.slice}: accuracy lost {-row['difference']:.4f}, surely")
    return sentences
