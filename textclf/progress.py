"""Progress of what takes more than a few seconds: a bar on a terminal, a line every half minute elsewhere."""

import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from tqdm import tqdm

Item = TypeVar("Item")

EVERY = 30.0  # seconds between two lines


@dataclass
class Progress:
    """Counts `unit`s of work called `desc`, of `total` if that is known; an empty `desc` shows nothing."""

    desc: str
    unit: str
    total: int | None = None
    done: int = 0
    started: float = field(default_factory=lambda: time.monotonic())
    shown: float = field(default_factory=lambda: time.monotonic())

    def __post_init__(self) -> None:
        bar = bool(self.desc) and sys.stderr.isatty()
        self.bar = tqdm(total=self.total, desc=self.desc, unit=f" {self.unit}", disable=not bar)

    def add(self, number: int) -> None:
        """Count `number` more."""
        self.done += number
        self.bar.update(number)
        now = time.monotonic()
        if self.desc and self.bar.disable and now - self.shown >= EVERY:
            self.shown = now
            print(self.line(now), file=sys.stderr, flush=True)

    def line(self, now: float) -> str:
        """Return how much is done, how fast, and how long the rest takes.

        >>> Progress("predict", "rows", total=300, done=100, started=0.0).line(20.0)
        'predict: 100 of 300 rows, 5 a second, 40 s left'
        """
        rate = self.done / max(now - self.started, 1e-9)
        if self.total is None or not rate:
            return f"{self.desc}: {self.done:,} {self.unit}, {rate:,.0f} a second"
        left = (self.total - self.done) / rate
        return f"{self.desc}: {self.done:,} of {self.total:,} {self.unit}, {rate:,.0f} a second, {left:,.0f} s left"

    def close(self) -> None:
        """Leave the bar as it is."""
        self.bar.close()


def progress(items: Iterable[Item], sizes: Iterable[int], desc: str, unit: str) -> Iterator[Item]:
    """Yield `items`, each of which is so many `unit`s of work, and show how far it is."""
    known = list(sizes)
    shown = Progress(desc, unit, sum(known))
    for item, size in zip(items, known, strict=True):
        yield item
        shown.add(size)
    shown.close()
