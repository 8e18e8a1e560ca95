"""The parameters: one typed schema for params.yaml, checked as a whole before any work.

The schema has no default values and changes no value: it can stop a run, but never change its results. So no
stage depends on this module (see tools/deps.py).
"""

import difflib
import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from textclf.errors import InputError
from textclf.specs import read_yaml, told, unquoted

PARAMS = Path("params.yaml")
RENAMED = {
    "full.freeze_embeddings": "full.trained_layers (true is layers, false is all)",
    "full.head_init": "head_init",
    "full.head_lr_factor": "head_lr_factor",
    "head.init": "head_init",
    "lora.head_init": "head_init",
    "lora.head_lr_factor": "head_lr_factor",
    "lora.targets": "lora.target_modules",
    "oos.neighbours": "oos.neighbors",
}
KIND = re.compile(r"constrained-\w+|(list|literal)\[.*\]")  # pydantic's names for the kinds of value that are allowed

Fraction = Annotated[float, Field(gt=0, lt=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]
COVARIANCES = ("mahalanobis", "relative_mahalanobis", "fisher")  # scores that need the spread within a label
Candidates = Positive | Annotated[list[Positive], Field(min_length=1)]  # of several the best on validation is kept


class Section(BaseModel):
    """A part of params.yaml: immutable, without unknown keys, without conversions (a number in quotes is a mistake)."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Split(Section):
    """How rows are divided into train, validation and test."""

    validation_fraction: Fraction
    test_fraction: Fraction
    seed: Seed
    rows_per_label: Count | None
    train_limit: Count | None
    test_limit: Count | None


class Spelling(Section):
    """What the step `spelling` of `prepare` knows beside the words of the training rows."""

    language: Literal["en"] | None


class Augment(Section):
    """How training rows are changed: the share of rows for each change, and what is added to them."""

    typo: Share
    two_typos: Share
    misspelling: Share
    word_dropped: Share
    no_punctuation: Share
    no_apostrophes: Share
    case: Share
    greeting: Share
    thanks: Share
    emoji: Share
    spaces: Share
    numbers: Share
    copies: Annotated[int, Field(ge=0, le=100)]
    file: Annotated[str, Field(pattern=r"^[\w-]+$")] | None
    more: dict[str, Annotated[int, Field(ge=1, le=100)]]


class Full(Section):
    """Method `full`: the checkpoint's weights are trained."""

    trained_layers: Literal["all", "layers"] | Count


class Distil(Section):
    """Method `distil`: as `full`, and the teachers' probabilities are learned too."""

    trained_layers: Literal["all", "layers"] | Count
    teachers: list[str]
    temperature: Annotated[float, Field(gt=0, le=100)]
    weight: Annotated[float, Field(gt=0, le=1)]


class Head(Section):
    """Method `head`: only the head is trained; nothing to choose but the parameters that all methods share."""


class Lora(Section):
    """Method `lora`: adapters and the head are trained."""

    r: Annotated[int, Field(ge=1, le=1024)]
    alpha: Count
    dropout: Annotated[float, Field(ge=0, lt=1)]
    target_modules: Literal["auto"] | Annotated[list[str], Field(min_length=1)]
    trained_layers: Literal["all"] | Count
    unfreeze: Literal["none", "gradual"]
    body_lr_factor: Annotated[float, Field(gt=0, le=1000)]


class Features(Section):
    """Method `features`: a logistic regression on frozen vectors."""

    pooling: Literal["cls", "mean", "layers"]
    prior: Literal["none", "label_names"]
    C: Candidates


class ZeroShot(Section):
    """Method `zero_shot`: the label whose name or description is nearest to the text."""

    pooling: Literal["cls", "mean", "layers"]


class Baseline(Section):
    """Method `baseline`: classifiers without an encoder."""

    kind: Literal["most_frequent", "tfidf"]
    min_df: Count
    max_features: Count | None
    C: Candidates


class Oos(Section):
    """Out-of-scope messages: how they are detected."""

    method: Literal["none", "threshold", "class", "gate"]
    score: Literal["probability", "energy", "logit", "mahalanobis", "relative_mahalanobis", "knn", "fisher"]
    neighbors: Count
    C: Positive
    target: Fraction
    target_of: Literal["in_scope", "out_of_scope", "accuracy"]
    held_out: list[str]


class Audit(Section):
    """How rows are found that a person should look at."""

    enabled: bool
    folds: Annotated[int, Field(ge=2, le=100)]
    C: Positive
    seed: Seed
    max_rows: Annotated[int, Field(ge=100)]


class Evaluation(Section):
    """How predictions are scored."""

    ece_bins: Annotated[int, Field(ge=2, le=100)]


class Robustness(Section):
    """How answers to changed texts are looked at."""

    rows: Count | None


class Plots(Section):
    """What the pictures show."""

    confused_pairs: Annotated[int, Field(ge=1, le=100)]
    loss_rows: Annotated[int, Field(ge=1, le=50)]
    map_seed: Seed
    dpi: Annotated[int, Field(ge=50, le=400)]


def _conflict(sentence: str) -> PydanticCustomError:
    """Return the error for values that don't go together."""
    return PydanticCustomError("together", sentence)


class Params(Section):
    """All of params.yaml, which documents each value."""

    dataset: str
    model: str
    max_length: Annotated[int, Field(ge=3)]  # [CLS], a token, [SEP]
    prepare: list[Literal["html", "unicode", "spaces", "urls", "emails", "amounts", "dates", "numbers", "spelling"]]
    spelling: Spelling
    split: Split
    augment: Augment
    method: Literal["full", "distil", "head", "lora", "features", "zero_shot", "baseline"]
    seed: Seed
    head_init: Literal["probe", "random"]
    head_lr_factor: Annotated[float, Field(gt=0, le=1000)]
    lr: Annotated[float, Field(gt=0, le=1)]
    epochs: Annotated[int, Field(ge=1, le=1000)]
    batch_size: Count
    workers: Count
    accumulate: Count
    gradient_checkpointing: bool
    eval_batch_size: Count
    weight_decay: Annotated[float, Field(ge=0, le=1)]
    warmup: Annotated[float, Field(ge=0, lt=1)]
    scheduler: Literal["linear", "cosine", "constant"]
    label_smoothing: Annotated[float, Field(ge=0, lt=1)]
    class_weights: Literal["none", "balanced"]
    sampling: Literal["none", "oversample", "undersample"]
    max_grad_norm: Annotated[float, Field(gt=0)]
    ema: Annotated[float, Field(gt=0, lt=1)] | None
    selection_metric: Literal["accuracy", "macro_f1", "log_loss"]
    early_stopping: Count | None
    precision: Literal["auto", "bf16", "fp32"]
    device: Literal["auto", "cpu"]
    full: Full
    distil: Distil
    head: Head
    lora: Lora
    features: Features
    zero_shot: ZeroShot
    baseline: Baseline
    calibration: Literal["none", "temperature"]
    oos: Oos
    audit: Audit
    evaluation: Evaluation
    robustness: Robustness
    plots: Plots

    @model_validator(mode="after")
    def _together(self) -> Self:
        vectors = self.oos.method == "gate" or (
            self.oos.method == "threshold" and self.oos.score not in ("probability", "energy", "logit")
        )
        if self.method == "baseline" and vectors:
            asked = "oos.method = 'gate'" if self.oos.method == "gate" else f"oos.score = {self.oos.score!r}"
            raise _conflict(f"{asked} needs vectors, and method baseline has none; use probability, energy or logit")
        if self.method == "baseline" and self.baseline.kind == "most_frequent" and self.oos.method == "class":
            raise _conflict("oos.method = 'class': baseline.kind = 'most_frequent' answers all alike; use tfidf")
        if self.method == "baseline" and self.baseline.kind == "most_frequent" and self.sampling != "none":
            raise _conflict(
                f"sampling = {self.sampling!r} leaves no most frequent label; use tfidf, or sampling = 'none'"
            )
        if twice := sorted({step for step in self.prepare if self.prepare.count(step) > 1}):
            raise _conflict(f"prepare names {twice[0]!r} twice")
        after = self.prepare[self.prepare.index("numbers") :] if "numbers" in self.prepare else []
        if late := [step for step in after if step in ("amounts", "dates")]:
            raise _conflict(f"prepare: {late[0]} finds nothing after numbers; name it before")
        self._zero_shot()
        self._augmented()
        if self.method == "lora" and self.lora.unfreeze == "gradual" and self.lora.trained_layers != "all":
            raise _conflict("lora.unfreeze = 'gradual' trains all layers in the end; set lora.trained_layers to all")
        if self.method == "distil" and not self.distil.teachers:
            raise _conflict("method = 'distil' needs distil.teachers, names from data/teachers")
        if self.split.rows_per_label is not None and self.split.train_limit is not None:
            raise _conflict("split.rows_per_label and split.train_limit both limit the training rows; leave one empty")
        if self.split.rows_per_label == 1 and self.oos.method == "threshold" and self.oos.score in COVARIANCES:
            raise _conflict(
                f"oos.score = {self.oos.score!r} needs two training rows of a label, and split.rows_per_label is 1; "
                "use knn"
            )
        if self.oos.held_out and self.oos.method == "none":
            raise _conflict("oos.held_out needs an oos.method: none leaves no label out")
        return self

    @model_validator(mode="after")
    def _work_divides(self) -> Self:
        if self.batch_size % (self.workers * self.accumulate):
            raise _conflict(
                f"batch_size = {self.batch_size}: workers * accumulate = {self.workers * self.accumulate} must divide "
                "it, as they compute equal parts of a batch"
            )
        if self.method in ("features", "baseline", "zero_shot"):
            for key, default in (("workers", 1), ("accumulate", 1), ("gradient_checkpointing", False)):
                if (value := getattr(self, key)) != default:
                    raise _conflict(
                        f"{key} = {str(value).lower()}: method {self.method} is fitted by one process; set {key} to "
                        f"{str(default).lower()}"
                    )
        if self.workers > 1 and self.method == "lora" and self.lora.unfreeze == "gradual":
            raise _conflict(f"workers = {self.workers}: lora.unfreeze = 'gradual' needs one process; set workers to 1")
        if self.gradient_checkpointing and self.method == "head":
            raise _conflict("gradient_checkpointing is for methods that train layers; method head trains none")
        trained = getattr(getattr(self, self.method), "trained_layers", None)
        if self.gradient_checkpointing and isinstance(trained, int):
            raise _conflict(
                f"{self.method}.trained_layers = {trained} starts from states instead of token ids, which "
                "gradient_checkpointing does not support; set it to false"
            )
        return self

    def _zero_shot(self) -> None:
        """Raise an error for what learns from training rows, with the method that doesn't."""
        if self.method != "zero_shot":
            return
        if self.oos.method in ("class", "gate"):
            raise _conflict(
                f"oos.method = {self.oos.method!r} learns from rows, and method zero_shot doesn't; use threshold"
            )
        if self.class_weights != "none" or self.sampling != "none":
            key = "class_weights" if self.class_weights != "none" else "sampling"
            raise _conflict(f"method zero_shot learns from no row; set {key} to none")
        if asked := [f"augment.{key}" for key, value in self.augment if value]:
            keys = " and ".join(filter(None, [", ".join(asked[:-1]), asked[-1]]))
            raise _conflict(f"method zero_shot learns from no row; leave {keys} out")

    def _augmented(self) -> None:
        """Raise an error for changes that no training row would get."""
        augment, trained = self.augment, getattr(getattr(self, self.method), "trained_layers", None)
        changes = any(share for share in augment.model_dump(exclude={"copies", "file", "more"}).values())
        if changes and not augment.copies and not isinstance(trained, str):
            asked = self.method if trained is None else f"{self.method} with {self.method}.trained_layers = {trained}"
            raise _conflict(f"method {asked} changes no row anew in each epoch: set augment.copies to 1 or more")
        if augment.copies and not changes:
            raise _conflict("augment.copies needs a change, such as augment.typo")
        if augment.more and not augment.copies and not augment.file:
            raise _conflict("augment.more needs augment.copies or augment.file: more of what?")


def read_params(path: Path = PARAMS) -> Params:
    """Return the checked parameters of `path`, or raise `InputError` with a line for each mistake."""
    return check_params(read_yaml(path), str(path))


def check_params(values: Any, where: str = str(PARAMS)) -> Params:
    """Return `values`, a mapping as YAML gives it, as `Params`; `where` opens each message.

    >>> check_params({"lr": "fast"})  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    textclf.errors.InputError: params.yaml: lr = 'fast': a valid number is needed
    """
    if not isinstance(values, dict):
        raise InputError(f"{where} is not a mapping of keys to values")
    try:
        return Params.model_validate(values)
    except ValidationError as error:
        raise InputError("\n".join(f"{where}: {line}" for line in _sentences(error.errors()))) from None


def sentence(mistake: ErrorDetails) -> str:
    """Return a mistake that pydantic found as a sentence: the key, the value, what is allowed.

    >>> sentence({"type": "greater_than", "loc": ("lr",), "msg": "Input should be greater than 0", "input": -1})
    'lr = -1: should be greater than 0'
    """
    key = _key(mistake)
    if line := unquoted(mistake, key):
        return line
    if mistake["type"] == "together":
        return mistake["msg"]
    if mistake["type"] == "missing":
        return f"{key} is missing"
    if mistake["type"] == "extra_forbidden":
        if key in RENAMED:
            return f"{key} is now called {RENAMED[key]}"
        return f"{key} is not a parameter{_suggestion(mistake['loc'])}"
    return f"{key} = {mistake['input']!r}: {told(mistake)}"


def _sentences(mistakes: list[ErrorDetails]) -> list[str]:
    """Return a sentence for each key: where a value or a list of values is allowed, pydantic has a mistake for each."""
    found: dict[str, str] = {}
    for mistake in mistakes:
        if not _in_list(mistake):  # where words or a number are allowed, there is a mistake for each
            key, allowed = _key(mistake), told(mistake).removeprefix("should be ")
            found[key] = f"{found[key]}, or {allowed}" if key in found else sentence(mistake)
    for mistake in mistakes:
        if _in_list(mistake):
            key = _key(mistake)
            if isinstance(mistake["loc"][-1], int) or mistake["type"] == "too_short":  # a list, with a mistake in it
                found = {known: line for known, line in found.items() if not f"{key}.".startswith(f"{known}.")}
                found[key] = sentence(mistake)
            elif key in found:
                found[key] += ", or a list of such"
            else:
                found[key] = sentence(mistake)
    return list(found.values())


def _in_list(mistake: ErrorDetails) -> bool:
    return any(str(part).startswith("list[") for part in mistake["loc"])


def _key(mistake: ErrorDetails) -> str:
    """Return the key as people write it, without pydantic's names for the kinds of value that are allowed."""
    return ".".join(str(part) for part in mistake["loc"] if not KIND.fullmatch(str(part)))


def _suggestion(loc: tuple[int | str, ...]) -> str:
    schema: type[BaseModel] = Params
    for part in loc[:-1]:
        schema = schema.model_fields[str(part)].annotation  # type: ignore[assignment]
    known = list(schema.model_fields)
    close = difflib.get_close_matches(str(loc[-1]), known, n=1)
    return f"; did you mean {close[0]}?" if close else f"; allowed here: {', '.join(known) or 'nothing'}"
