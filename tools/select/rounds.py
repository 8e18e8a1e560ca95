"""Labelling in rounds, replayed on rows whose labels are known: each round adds the rows that a strategy wants."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from textclf.errors import InputError
from textclf.logistic import logits
from textclf.probabilities import softmax
from textclf.training.selection import fit_logistic
from tools.runs.trial import Bench, nested_order
from tools.select.strategies import by_entropy, by_margin, diverse, unit

Positions = NDArray[np.int64]
Strategy = Callable[[NDArray[np.float64], NDArray[np.float32], int, int], Positions]

SHARE = 0.1  # of the training rows: the start, and what a round adds

STRATEGIES: dict[str, Strategy] = {
    "random": lambda logits, vectors, number, seed: np.random.default_rng(seed).permutation(len(vectors)),
    "margin": lambda logits, vectors, number, seed: by_margin(softmax(logits)),
    "entropy": lambda logits, vectors, number, seed: by_entropy(softmax(logits)),
    "diverse": lambda logits, vectors, number, seed: diverse(vectors, number, seed),
}


def replay(bench: Bench, name: str, rounds: int, C: float, seed: int) -> Iterator[float]:
    """Yield the accuracy on test at the start and after each round, of a logistic regression on unit frozen vectors.

    All strategies of a seed start from the same rows, a stratified sample; the pool's labels are looked up only when
    its rows have been chosen. It ends when the pool is empty. Raises `InputError` if the start has not two labels.
    """
    labels, vectors, tested = bench.rows["train"].labels, unit(bench.vectors["train"]), unit(bench.vectors["test"])
    size = round(SHARE * len(labels))
    known = nested_order(labels, seed)[:size]
    if len(np.unique(labels[known])) < 2:
        raise InputError(f"a tenth of the {len(labels)} training rows has fewer than two labels; a replay needs more")
    for number in range(rounds + 1):
        model = fit_logistic(vectors[known], labels[known], "none", C)
        found = model.classes_[logits(model, tested).argmax(axis=1)]
        yield float((found == bench.rows["test"].labels).mean())
        pool = np.setdiff1d(np.arange(len(labels)), known)
        if not len(pool):
            return
        if number < rounds:
            order = STRATEGIES[name](logits(model, vectors[pool]), vectors[pool], size, seed * 1000 + number)
            known = np.concatenate([known, pool[order[:size]]])
