"""Training on the rows as they are, without the suspects, and with suggested labels."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from textclf.audit.label_issues import Suspicion
from textclf.data.corrections import Correction
from textclf.rows import Rows
from tools.audit.probe import judge
from tools.runs.trial import Bench

Labels = NDArray[np.int64]
Vectors = NDArray[np.float32]

RAW = Path("data/raw/rows.parquet")
THRESHOLDS = (0.9, 0.7, 0.5)  # of the suggestion's probability


@dataclass(frozen=True)
class Arm:
    """How many training rows were changed, and what came of it on test."""

    arm: str
    seed: int
    rows: int
    threshold: float | None
    accuracy: float
    difference: float


def try_arms(bench: Bench, vectors: Vectors, method: str, seeds: int) -> Iterator[list[Arm]]:
    """Yield the arms of each seed, which is that of the folds and of the training.

    The threshold is the one with which a logistic regression on frozen vectors gets the most validation rows right:
    that takes seconds, whatever `method` takes.
    """
    train = bench.rows["train"]
    draws = method != "features" or bench.params.sampling != "none"  # without a draw each training is the same
    for seed in range(seeds):
        if seed == 0 or draws:
            as_it_is = float(bench.train(method, train, seed).test.mean())
        suspicion = _of_training(judge(bench, vectors, train.labels, seed), train)
        left_out = some_left(train.labels, suspicion.issue, suspicion.quality)
        without = float(bench.train(method, train.take(np.flatnonzero(~left_out).tolist()), seed).test.mean())
        tried = {value: corrected(train, suspicion, value) for value in THRESHOLDS}
        hits = {value: bench.train("features", rows, seed).validation.mean() for value, rows in tried.items()}
        chosen = max(THRESHOLDS, key=hits.__getitem__)
        accuracy = float(bench.train(method, tried[chosen], seed).test.mean())
        changed = int(sure(train.labels, suspicion, chosen).sum())
        yield [
            Arm("as they are", seed, 0, None, as_it_is, 0.0),
            Arm("without the suspects", seed, int(left_out.sum()), None, without, without - as_it_is),
            Arm("with suggested labels", seed, changed, chosen, accuracy, accuracy - as_it_is),
        ]


def averages(arms: list[Arm]) -> list[list[str]]:
    """Return a row of cells for each kind of arm: means over the seeds, and the spread of the difference."""
    rows = []
    for arm, part in pd.DataFrame(arms).groupby("arm", sort=False):
        thresholds = ", ".join(sorted({f"{value:g}" for value in part["threshold"].dropna()}))
        numbers = [f"{part['rows'].mean():.0f}", thresholds, f"{part['accuracy'].mean():.4f}"]
        spread = f"{part['difference'].std():.4f}" if len(part) > 1 else ""
        rows.append([str(arm), *numbers, f"{part['difference'].mean():+.4f}", spread])
    return rows


def sure(labels: Labels, suspicion: Suspicion, threshold: float) -> NDArray[np.bool_]:
    """Return which rows are suspects with a suggestion that is at least so probable, some of each label left."""
    found = suspicion.issue & (suspicion.probability >= threshold) & (suspicion.quality < suspicion.probability)
    return some_left(labels, found, suspicion.quality)


def some_left(labels: Labels, taken: NDArray[np.bool_], quality: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return `taken` without the least suspect row of each label that it would leave no row, shape (rows,).

    >>> some_left(np.array([0, 0, 1, 1]), np.array([True, True, True, False]), np.array([0.1, 0.2, 0.1, 0.9])).tolist()
    [True, False, True, False]
    """
    found = taken.copy()
    for label in np.setdiff1d(labels, labels[~taken]):
        own = np.flatnonzero(labels == label)
        found[own[quality[own].argmax()]] = False
    return found


def corrected(train: Rows, suspicion: Suspicion, threshold: float) -> Rows:
    """Return the training rows with the suggested labels of those that are `sure`; `suspicion` is theirs."""
    return replace(train, labels=np.where(sure(train.labels, suspicion, threshold), suspicion.suggested, train.labels))


def relabeled(bench: Bench, vectors: Vectors, seed: int, threshold: float) -> list[Correction]:
    """Return the training rows that get the suggested label with this seed as corrections, in their order."""
    train = bench.rows["train"]
    suspicion = _of_training(judge(bench, vectors, train.labels, seed), train)
    texts = pd.read_parquet(RAW, columns=["id", "text"]).set_index("id")["text"]  # unprepared
    return [
        Correction(
            train.ids[at],
            str(texts[train.ids[at]]),
            "train",
            "relabel",
            bench.labels[suspicion.suggested[at]],
            "audit",
            f"probability {suspicion.probability[at]:.2f}",
        )
        for at in np.flatnonzero(sure(train.labels, suspicion, threshold))
    ]


def _of_training(found: Suspicion, train: Rows) -> Suspicion:
    """Return the suspicion of the training rows, which come before the validation rows."""
    own = slice(len(train.ids))
    return Suspicion(found.quality[own], found.suggested[own], found.probability[own], found.issue[own])
