"""The protocol of a trained classifier, whatever its method."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from textclf.rows import Rows


@dataclass(frozen=True)
class Predicted:
    """Logits, shape (rows, labels), and the vectors that they were computed from, shape (rows, size), if any."""

    logits: NDArray[np.floating[Any]]
    vectors: NDArray[np.float32] | None


@dataclass(frozen=True)
class Loading:
    """How a classifier is loaded.

    `cache_dir` keeps the vectors of a frozen body between runs; with None nothing is kept. `exact` leaves the weights
    as they were saved, so that they can be saved again; else they are prepared for fast answers, which stay the same.
    `device` is auto or cpu.
    """

    cache_dir: Path | None = None
    exact: bool = False
    device: str = "auto"


class Predictor(Protocol):
    """A classifier that answers: trained here or exported."""

    @property
    def labels(self) -> list[str]:
        """The label names, in the order of the logits."""

    def rows(self, texts: list[str]) -> Rows:
        """Return texts as rows for `predict`, cut at the length that the classifier was trained with."""

    def predict(self, rows: Rows, batch_size: int, desc: str) -> Predicted:
        """Return the predictions of `rows`, in their order; `desc` names the progress bar, empty for none."""


class Classifier(Predictor, Protocol):
    """A classifier that can also be saved; `kind` tells `textclf.classifiers.load` which class loads it."""

    @property
    def kind(self) -> str:
        """One of `textclf.classifiers.KINDS`."""

    @property
    def precision(self) -> str:
        """The arithmetic that it was trained with and answers in, where the processor has it: bf16 or fp32."""

    def save(self, folder: Path) -> None:
        """Write what `load` of the same kind needs: text and safetensors, nothing that varies between runs."""
