"""A clock for the training steps of whatever trains with transformers' Trainer."""

import time
from dataclasses import dataclass, field
from typing import Any

from transformers import TrainerCallback, trainer


@dataclass
class Steps:
    """The `seconds` of each training step, of `batch` rows; in each of `epochs`, all `rows` are seen.

    What happens between epochs, such as validation and saving, is in none of them.
    """

    rows: int = 0
    batch: int = 0
    epochs: int = 0
    seconds: list[float] = field(default_factory=list)

    def rate(self, warmup: int) -> float:
        """Return the rows a second of full batches after the first `warmup` steps.

        >>> Steps(rows=100, batch=8, epochs=1, seconds=[9.0, 0.5, 0.5]).rate(warmup=1)
        16.0
        """
        timed = self.seconds[warmup:]
        return self.batch * len(timed) / sum(timed)

    @property
    def all_rows(self) -> int:
        """The rows of all epochs."""
        return self.rows * self.epochs


class Clock(TrainerCallback):
    """Fills in `steps`."""

    def __init__(self) -> None:
        self.steps = Steps()

    def on_train_begin(self, args: Any, state: Any, control: Any, **known: Any) -> None:
        """Note the sizes."""
        self.steps.rows, self.steps.batch = len(known["train_dataloader"].dataset), args.train_batch_size

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Start the first step."""
        self.steps.epochs += 1
        self.last = time.perf_counter()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """End a step; the next one starts with fetching its rows."""
        now = time.perf_counter()
        self.steps.seconds.append(now - self.last)
        self.last = now


def start_clock() -> Steps:
    """Return what a clock will fill in, in the next Trainer of this process, whoever makes it."""
    clock = Clock()
    trainer.DEFAULT_CALLBACKS.append(clock)  # type: ignore[arg-type]
    return clock.steps
