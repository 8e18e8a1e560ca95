"""Reproducible text classification: the library that the pipeline's stages and the tools share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from textclf import environment as environment  # before any other module loads PyTorch or NumPy

if TYPE_CHECKING:
    from textclf.inference.model import Model


def load(folder: str | Path = "models/classifier", rev: str | None = None) -> Model:
    """Return the trained model in `folder`: of the pipeline, exported, or downloaded after `tools.publish`.

    With `rev` it is the pipeline's at that commit, branch, tag or experiment, from DVC's cache or remote. A folder that
    is not a complete model raises `textclf.errors.InputError`.

    >>> from textclf import load
    >>> answers = load("models/classifier").predict(["where is my parcel?"])
    >>> answers.predicted  # one label a text, possibly an out-of-scope label
    ['order_status']
    >>> answers.probabilities.shape  # of the texts, for each of answers.labels
    (1, 24)
    """
    from textclf.inference.model import load_model  # slow to import

    return load_model(Path(folder), rev)
