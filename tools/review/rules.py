"""review.yaml: the differences that matter, and the losses that the gate allows. It is itself reviewed."""

from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator

from textclf.errors import InputError
from textclf.specs import read_spec
from tools.stats.verdict import LOWER_IS_BETTER

REVIEW = Path("review.yaml")
RENAMED = {"least_rows": "min_rows", "worth": "min_effect", "may_lose": "margin"}

LabelScore = Literal["accuracy", "macro_f1", "weighted_f1", "macro_precision", "macro_recall", "log_loss", "roc_auc"]
OosScore = Literal["auroc", "in_scope_accuracy", "in_scope_kept", "out_recall"]
OOS_SCORES = get_args(OosScore)
Share = Annotated[float, Field(ge=0)]


class ScoreRule(BaseModel):
    """The rule for one score."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    direction: Literal["higher", "lower"]
    min_effect: Share  # the smallest difference that matters
    margin: Share  # the loss that is allowed
    rule: Literal["non_inferior", "not_worse"] = "non_inferior"  # a larger loss is ruled out, or: it is not shown


class SliceRule(BaseModel):
    """A slice in which accuracy must not regress."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dataset: str | None = None  # the rule is moot on others
    by: str
    slice: str
    margin: Share = 0.0


class ChangeRule(BaseModel):
    """The rule for answers to texts that are changed in one way, a name in the table of the stage robustness."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dataset: str | None = None  # the rule is moot on others
    score: Literal["accuracy"]
    change: str
    margin: Share
    rule: Literal["non_inferior", "not_worse"] = "not_worse"


class Rules(BaseModel):
    """All of review.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    primary: LabelScore
    min_rows: Annotated[int, Field(ge=1)]
    metrics: dict[LabelScore | OosScore, ScoreRule]
    slices: tuple[SliceRule, ...] = ()
    robustness: tuple[ChangeRule, ...] = ()

    @field_validator("metrics")
    @classmethod
    def _right_way(cls, metrics: dict[str, ScoreRule]) -> dict[str, ScoreRule]:
        for name, rule in metrics.items():
            better = "lower" if name in LOWER_IS_BETTER else "higher"
            if rule.direction != better:
                raise ValueError(f"{name}: direction is {rule.direction}, but {better} is better")
        return metrics

    @property
    def effects(self) -> dict[str, float]:
        """The smallest difference that matters, of each score that has a rule."""
        return {str(name): rule.min_effect for name, rule in self.metrics.items()}


def read_rules(path: Path = REVIEW) -> Rules:
    """Return the rules, or raise `InputError` for a mistake in them."""
    rules = read_spec(path, Rules, RENAMED)
    if rules.primary not in rules.metrics:
        raise InputError(
            f"{path}: primary = {rules.primary!r}: no rule for it under metrics, so it can have no verdict"
        )
    return rules
