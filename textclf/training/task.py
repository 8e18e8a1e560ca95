"""The input and the result of every method of training."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from textclf.classifiers.base import Classifier
from textclf.encoders.checkpoints import Checkpoint
from textclf.params import Params
from textclf.rows import Rows


@dataclass(frozen=True)
class Task:
    """A training run: the checkpoint and the folder of its files, label names in order, rows, and two folders.

    `resume_dir` holds this run's own epochs; `vector_cache` holds what frozen bodies computed, for all runs.
    `curve_file` is where the learning curve grows. `change_rows` returns the token ids of those rows that an epoch
    changes, by position, if rows are changed anew in each epoch. `taught` are the teachers' probabilities of the
    training rows, shape (rows, labels), if there are teachers. `label_texts` are the labels' descriptions or names in
    words, by label. `parents` are the rows of which further training rows are texts, by their ids.
    """

    checkpoint: Checkpoint
    folder: Path
    labels: list[str]
    train: Rows
    validation: Rows
    params: Params
    resume_dir: Path
    vector_cache: Path
    curve_file: Path | None = None
    change_rows: Callable[[Rows, int], dict[int, NDArray[np.int32]]] | None = None
    taught: NDArray[np.float64] | None = None
    label_texts: dict[str, str] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Trained:
    """A classifier, its learning curve (a row an epoch or a fit), and its numbers of parameters."""

    classifier: Classifier
    curve: list[dict[str, float]]
    trainable: int
    parameters: int
