"""Toy rows and tasks for tests of training."""

from pathlib import Path
from typing import Any

import numpy as np

from tests.conftest import ROOT
from textclf.encoders.checkpoints import Checkpoint
from textclf.params import Params, check_params, read_params
from textclf.rows import Rows
from textclf.training.task import Task

LABELS = ["a", "b", "c"]
TEXTS = {name: f"the label {name}" for name in LABELS}


def rows(labels: int, size: int = 60, seed: int = 0, noise: int = 17) -> Rows:
    """Random token ids of random length, up to `noise` after a row's label, which is in its second to fourth token."""
    random = np.random.default_rng(seed)
    actual = random.permutation(np.arange(size) % labels)
    lengths = random.integers(1, noise + 1, size)
    ids = [
        np.concatenate([[101, *[2000 + y] * 3], random.integers(3000, 4000, n), [102]]).astype(np.int32)
        for y, n in zip(actual, lengths, strict=True)
    ]
    texts = [f"{LABELS[y % 3] * 3} and some words" for y in actual]
    return Rows([f"{seed}-{number}" for number in range(size)], texts, ids, actual)


def params(**changes: Any) -> Params:
    """The shipped parameters for toy data; a dict changes the keys of a section."""
    values = read_params(ROOT / "params.yaml").model_dump()
    values |= {"epochs": 3, "lr": 3e-3, "batch_size": 8, "precision": "fp32", "ema": None}
    for key, value in changes.items():
        values[key] = values[key] | value if isinstance(value, dict) else value
    return check_params(values)


def task(checkpoint: Path, tmp: Path, **changes: Any) -> Task:
    """A task of three labels."""
    pinned = Checkpoint(folder=str(checkpoint))
    train, validation = rows(3, 90, seed=1, noise=4), rows(3, 30, seed=2, noise=4)
    folders = tmp / "resume", tmp / "vectors"
    taught = np.eye(3)[train.labels] * 0.7 + 0.1 if changes.get("method") == "distil" else None
    return Task(
        pinned, checkpoint, LABELS, train, validation, params(**changes), *folders, taught=taught, label_texts=TEXTS
    )
