"""The ways of training that are compared, by name, and what each makes of a draw of rows."""

import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from textclf.classifiers.frozen_linear import Features
from textclf.encoders.checkpoints import Checkpoint
from textclf.encoders.frozen import Frozen
from textclf.errors import InputError
from textclf.params import Params, check_params, read_params
from textclf.rows import Rows
from textclf.training.task import Task
from tools.runs.overrides import NO_OOS, merged

NAMES = {"prior": "label_names"}
STRENGTHS = [0.1, 0.3, 1.0, 3.0, 10.0]  # values of C that compete where validation rows choose
ARMS: dict[str, dict[str, Any]] = {
    "zero_shot": {"method": "zero_shot"},
    "baseline": {"method": "baseline", "baseline": {"min_df": 1}},
    "features": {"method": "features"},
    "features, label names": {"method": "features", "features": NAMES},
    "features, C by validation": {"method": "features"},  # each of `STRENGTHS` in turn
    "features, fixed C": {"method": "features", "features": {"C": 0.3}},
    "full": {"method": "full"},
}
BY_VALIDATION = "features, C by validation"
CHEAP = [name for name in ARMS if name != "features, fixed C" and not name.startswith("full")]
SETFIT = "setfit"


@dataclass(frozen=True)
class DataSet:
    """A data set with its training and test rows; `folder` and `checkpoint` are those of the default model."""

    name: str
    labels: list[str]
    label_texts: dict[str, str]
    train: Rows
    test: Rows
    checkpoint: Checkpoint
    folder: Path
    vectors: Path


def accuracy(arm: str, data: DataSet, drawn: Rows, validation: Rows, cached: bool) -> tuple[float, float]:
    """Return the accuracy on test of what `arm` makes of the `drawn` rows, and the CPU seconds that training took.

    `validation` rows choose what they choose with many rows. The seconds begin with the checkpoint on disk and, unless
    `cached`, no vector computed.
    """
    params = arm_params(arm)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        task = Task(
            data.checkpoint, data.folder, data.labels, drawn, validation, params,
            folder / "resume", data.vectors if cached else folder / "vectors", label_texts=data.label_texts,
        )  # fmt: skip
        start = time.process_time()
        classifier = _train(task, arm)
        seconds = time.process_time() - start
    if isinstance(classifier, Features):
        classifier = replace(classifier, frozen=Frozen(classifier.body, classifier.precision, data.vectors))
    found = classifier.predict(data.test, params.eval_batch_size, "").logits
    return float(np.mean(found.argmax(axis=1) == data.test.labels)), seconds


def arm_params(arm: str) -> Params:
    """Return the parameters with which the arm trains: those of params.yaml with its own."""
    return check_params(merged(read_params().model_dump(), ARMS[arm] | NO_OOS))


def _train(task: Task, arm: str) -> Any:
    import importlib

    if arm == BY_VALIDATION:
        return _by_validation(task)
    return importlib.import_module(f"textclf.methods.{task.params.method}").train(task).classifier


def _by_validation(task: Task) -> Features:
    """Return the classifier whose C a tenth of the rows has chosen, as with many rows; the others train it."""
    from sklearn.model_selection import train_test_split

    from textclf.methods import features

    rows = np.arange(len(task.train.ids))
    size = max(len(task.labels), round(len(rows) / 10))
    if len(rows) < 2 * len(task.labels):
        raise InputError("C by validation needs two rows a label or more")
    train, validation = train_test_split(rows, test_size=size, random_state=0, stratify=task.train.labels)
    parts = task.train.take(train.tolist()), task.train.take(validation.tolist())
    own = replace(task, train=parts[0], validation=parts[1])
    fits = [features.train(replace(own, params=_with_C(task.params, C))) for C in STRENGTHS]
    best = min(fits, key=lambda trained: trained.curve[0]["validation_loss"])
    return cast(Features, best.classifier)


def _with_C(params: Params, C: float) -> Params:
    """Return `params` with one C, which few rows don't replace by a fixed value as they do a list."""
    return check_params(merged(params.model_dump(), {"features": {"C": C}}))
