"""How fast a classifier answers: rows a second in one call with all texts, milliseconds for one text alone."""

import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing import get_context, parent_process

import numpy as np
from tqdm import tqdm

from textclf.process import die_with_parent

SINGLES = 300  # texts that are also sent alone
ROUNDS = 3  # the fastest counts: noise only ever slows a round down

Labeler = Callable[[list[str]], list[str]]  # from texts to labels

_label: Labeler  # of this process


@dataclass(frozen=True)
class Measured:
    """The labels and the speed: rows_per_second, p50_ms and p95_ms (median, 95th percentile) for one."""

    labels: list[str]
    speed: dict[str, float]


def time_labelers(loaders: Mapping[str, Callable[[], Labeler]], texts: list[str]) -> dict[str, Measured]:
    """Time the labelers that `loaders` return; the loaders can be pickled.

    Each runs in a process of its own, because idle threads of one library slow another down. They take turns, so that a
    slow minute of the machine affects all.
    """
    with ExitStack() as stack:
        processes = {name: stack.enter_context(_process(loader)) for name, loader in loaders.items()}
        labels = {name: process.submit(_all_labels, texts).result() for name, process in processes.items()}
        turns = [(name, process) for _ in range(ROUNDS) for name, process in processes.items()]
        rounds: dict[str, list[tuple[float, float, float]]] = {name: [] for name in loaders}
        for name, process in tqdm(turns, "speed", unit="pass", disable=None):
            rounds[name].append(process.submit(_pass, texts).result())
    measured = {}
    for name, taken in rounds.items():
        fastest = min(seconds for seconds, _, _ in taken)
        p50, p95 = min((p50, p95) for _, p50, p95 in taken)
        speed = {"rows_per_second": round(len(texts) / fastest), "p50_ms": round(p50, 2), "p95_ms": round(p95, 2)}
        measured[name] = Measured(labels[name], speed)
    return measured


def _process(loader: Callable[[], Labeler]) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_load, initargs=(loader,))


def _load(loader: Callable[[], Labeler]) -> None:
    global _label
    die_with_parent()
    if (parent := parent_process()) and not parent.is_alive():  # it ended while this process was starting
        sys.exit(1)
    _label = loader()


def _all_labels(texts: list[str]) -> list[str]:
    return _label(texts)


def _pass(texts: list[str]) -> tuple[float, float, float]:
    """Return the seconds for all texts at once, and median and 95th percentile of the milliseconds for one."""
    p50, p95 = np.percentile([1e3 * _seconds([text]) for text in texts[:SINGLES]], [50, 95])
    return _seconds(texts), float(p50), float(p95)


def _seconds(texts: list[str]) -> float:
    start = time.perf_counter()
    _label(texts)
    return time.perf_counter() - start
