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


def try_arms(bench: Bench, vectors: NDArray[np.float32], method: str, seeds: int) -> Iterator[Arm]:
    """Yield the arms of each seed, which is that of the folds and of the training.

    The threshold is the one with which a logistic regression on frozen vectors gets the most validation rows right:
    that takes seconds, whatever `method` takes.
    """
    train = bench.rows["train"]
    draws = method != "features" or bench.params.sampling != "none"  # without a draw each training is the same
    for seed in range(seeds):
        if seed == 0 or draws:
            as_it_is = bench.train(method, train, seed).test.mean()
        suspicion = judge(bench, vectors, train.labels, seed)
        issue = suspicion.issue[: len(train.ids)]
        without = bench.train(method, train.take(np.flatnonzero(~issue).tolist()), seed).test.mean()
        tried = {value: corrected(train, suspicion, value) for value in THRESHOLDS}
        hits = {value: bench.train("features", rows, seed).validation.mean() for value, rows in tried.items()}
        chosen = max(THRESHOLDS, key=hits.__getitem__)
        accuracy = bench.train(method, tried[chosen], seed).test.mean()
        changed = int(sure(suspicion, chosen)[: len(train.ids)].sum())
        yield Arm("as they are", seed, 0, None, float(as_it_is), 0.0)
        yield Arm("without the suspects", seed, int(issue.sum()), None, float(without), float(without - as_it_is))
        yield Arm("with suggested labels", seed, changed, chosen, float(accuracy), float(accuracy - as_it_is))


def sure(suspicion: Suspicion, threshold: float) -> NDArray[np.bool_]:
    """Return which rows are suspects with a suggestion that is at least so probable, shape (rows,)."""
    return np.asarray(
        suspicion.issue & (suspicion.probability >= threshold) & (suspicion.quality < suspicion.probability)
    )


def corrected(train: Rows, suspicion: Suspicion, threshold: float) -> Rows:
    """Return the training rows with the suggested labels of those that are `sure`."""
    own = slice(len(train.ids))
    return replace(train, labels=np.where(sure(suspicion, threshold)[own], suspicion.suggested[own], train.labels))


def relabelled(bench: Bench, vectors: NDArray[np.float32], threshold: float) -> list[Correction]:
    """Return the training rows that `corrected` changes as corrections, in their order."""
    train = bench.rows["train"]
    suspicion = judge(bench, vectors, train.labels, bench.params.audit.seed)
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
        for at in np.flatnonzero(sure(suspicion, threshold)[: len(train.ids)])
    ]
