"""Trying a method on some of the training rows of the workspace's data set, without the pipeline around it."""

import importlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from textclf.cache import cache_folder
from textclf.classifiers.base import Classifier
from textclf.classifiers.frozen_linear import Features
from textclf.encoders.checkpoints import Checkpoint, locate
from textclf.encoders.frozen import Frozen
from textclf.encoders.precision import resolve_precision
from textclf.encoders.pretrained import load_body
from textclf.errors import InputError
from textclf.params import Augment, Params, check_params, read_params
from textclf.rows import Rows, read_label_texts, read_labels, read_rows, read_tokens
from textclf.splits import SPLITS
from textclf.training.resampling import resample
from textclf.training.task import Task
from tools.runs import stale
from tools.runs.overrides import NO_OOS, merged
from tools.runs.run import open_run

LABELS, LABEL_TEXTS = Path("data/raw/labels.json"), Path("data/tokenized/label_texts.json")
CHECKPOINT, TOKENIZED = Path("data/tokenized/checkpoint.json"), Path("data/tokenized/rows.parquet")
LISTED = Path("data/splits")
MADE_BY = ("download", "split", "prepare", "tokenize")  # the stages that write these


class Outcome(NamedTuple):
    """Which rows a classifier gets right, arrays of shape (rows,)."""

    validation: NDArray[np.bool_]
    test: NDArray[np.bool_]


@dataclass(frozen=True)
class Bench:
    """The workspace's rows, tokenized and split, and its parameters."""

    params: Params
    labels: list[str]
    rows: dict[str, Rows]
    checkpoint: Checkpoint
    label_texts: dict[str, str]

    @cached_property
    def folder(self) -> Path:
        """Where the checkpoint's files are."""
        return locate(self.checkpoint)

    @cached_property
    def _frozen(self) -> Frozen:
        body = load_body(self.folder, self.params.device)
        return Frozen(body, resolve_precision(self.params.precision, self.params.device), cache_folder("vectors"))

    def vectors_of(self, rows: Rows, desc: str = "vectors") -> NDArray[np.float32]:
        """Return the frozen body's vectors, shape (rows, size), pooled as `features.pooling` says; cached."""
        return self._frozen.vectors(rows.input_ids, self.params.features.pooling, desc)

    @cached_property
    def vectors(self) -> dict[str, NDArray[np.float32]]:
        """The vectors of each split."""
        return {name: self.vectors_of(rows, name) for name, rows in self.rows.items()}

    def train(self, method: str, rows: Rows, seed: int) -> Outcome:
        """Train a classifier on `rows`, sampled as `sampling` says, and return which rows it gets right.

        Raises `InputError` for parameters that change texts.
        """
        _refuse_changes(self.params.augment)
        params = check_params(merged(self.params.model_dump(), {"method": method, "seed": seed} | NO_OOS))
        with tempfile.TemporaryDirectory() as tmp:
            task = Task(
                self.checkpoint,
                self.folder,
                self.labels,
                resample(rows, params.sampling, seed),
                self.rows["validation"],
                params,
                Path(tmp),
                cache_folder("vectors"),
                label_texts=self.label_texts,
            )
            classifier: Any = importlib.import_module(f"textclf.methods.{method}").train(task).classifier
        if isinstance(classifier, Features):
            classifier = replace(classifier, frozen=self._frozen)
        return Outcome(*(self._hits(classifier, self.rows[split]) for split in SPLITS[1:]))

    def _hits(self, classifier: Classifier, rows: Rows) -> NDArray[np.bool_]:
        found = classifier.predict(rows, self.params.eval_batch_size, "").logits.argmax(axis=1)
        return np.asarray(found == rows.labels)


def _refuse_changes(augment: Augment) -> None:
    for name, value in augment.model_dump().items():
        if value:
            raise InputError(
                f"params.yaml: augment.{name} = {value!r}: this command trains on the texts as they are; "
                "set all of augment to 0 or empty for it"
            )


def open_bench(needed: Sequence[str] = SPLITS) -> Bench:
    """Return the workspace's rows; `InputError` unless the stages that make them have run with today's params.yaml.

    `InputError` too if one of the `needed` splits has no rows: a data set for `zero_shot` may have test rows alone.
    """
    for path in (LABELS, LABEL_TEXTS, CHECKPOINT, TOKENIZED, LISTED / "train.csv"):
        if not path.is_file():
            raise InputError(f"{path} does not exist; run dvc repro split tokenize first")
    stale.check_params(open_run(), MADE_BY)
    labels, tokens = read_labels(LABELS), read_tokens(TOKENIZED)
    rows = {name: read_rows(LISTED / f"{name}.csv", tokens, labels) for name in SPLITS}
    if empty := [name for name in needed if not rows[name].ids]:
        raise InputError(
            f"{LISTED / empty[0]}.csv lists no rows, which this command needs; set another dataset in params.yaml, "
            "and run dvc repro split tokenize"
        )
    checkpoint = Checkpoint.model_validate_json(CHECKPOINT.read_bytes())
    return Bench(read_params(), labels, rows, checkpoint, read_label_texts(LABEL_TEXTS))


def open_mean_bench(needed: Sequence[str] = SPLITS) -> Bench:
    """Return what `open_bench` does, with the pooling that the stage `audit` uses."""
    bench = open_bench(needed)
    features = bench.params.features.model_copy(update={"pooling": "mean"})
    return replace(bench, params=bench.params.model_copy(update={"features": features}))


def nested_order(labels: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Return the positions of all rows such that each beginning is a stratified sample, and has all labels if it can.

    >>> nested_order(np.array([0, 0, 0, 0, 1, 1]), seed=0)[:3].tolist()
    [2, 5, 1]
    """
    shuffled = pd.Series(labels).sample(frac=1, random_state=seed)
    by_label = shuffled.groupby(shuffled)
    number, size = by_label.cumcount(), by_label.transform("size")
    table = pd.DataFrame({"later": number > 0, "place": (number + 0.5) / size})
    return np.asarray(table.sort_values(["later", "place"], kind="stable").index)
