"""What every method is given, and what it gives."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from stages.lib.checkpoints import Checkpoint
from stages.lib.params import Params
from stages.lib.rows import Rows
from stages.lib.scores import Probabilities, softmax


@dataclass(frozen=True)
class Task:
    """A training run: the checkpoint and where its files lie, label names in order, rows, and where to keep what.

    `scratch` is for this very run's epochs, `vectors` for what a frozen body says of rows, kept between runs.
    """

    checkpoint: Checkpoint
    folder: Path
    labels: list[str]
    train: Rows
    validation: Rows
    params: Params
    scratch: Path
    vectors: Path


@dataclass(frozen=True)
class Predicted:
    """Logits, shape (rows, labels), and the vectors that they were read from, shape (rows, size), if any."""

    logits: NDArray[np.floating[Any]]
    vectors: NDArray[np.float32] | None

    @property
    def probabilities(self) -> Probabilities:
        """The logits' softmax."""
        return softmax(self.logits)


class Classifier(Protocol):
    """What comes out of training, whatever the method."""

    @property
    def labels(self) -> list[str]:
        """The label names, in the order of the logits."""

    def rows(self, texts: list[str]) -> Rows:
        """Return texts as rows that `predict` takes, cut at the length that the classifier was trained with."""

    def save(self, folder: Path) -> None:
        """Write into `folder` what the method's `load` needs: text and safetensors, nothing that varies."""

    def predict(self, rows: Rows, batch_size: int, what: str) -> Predicted:
        """Predict `rows`, whose labels are not read; in their order. `what` names the progress bar."""


@dataclass(frozen=True)
class Trained:
    """A classifier, its learning curve (a row an epoch, or a fit), and its numbers of trained and of all parameters."""

    classifier: Classifier
    curve: list[dict[str, float]]
    trainable: int
    parameters: int


class Sized(Protocol):
    """A parameter of a model."""

    requires_grad: bool

    def numel(self) -> int:
        """Return the number of its values."""


def count(parameters: Iterable[Sized]) -> tuple[int, int]:
    """Return how many values of `parameters` are trained, and how many there are."""
    sizes = [(parameter.numel(), parameter.requires_grad) for parameter in parameters]
    return sum(size for size, trained in sizes if trained), sum(size for size, _ in sizes)
