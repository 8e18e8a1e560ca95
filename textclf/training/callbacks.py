"""What happens at the end of a step or an epoch: lines, checkpoints, the learning curve, the number of rows."""

import hashlib
import shutil
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from tqdm import tqdm
from transformers import EarlyStoppingCallback, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from textclf.atomic import replace_file
from textclf.metrics.selection import SELECTION_SCORES
from textclf.progress import Progress
from textclf.training.ema import Ema
from textclf.training.few_rows import is_few, say_fixed
from textclf.training.resume import COMPLETE
from textclf.training.task import Task

LAST = "last"  # the score of `LastIsBest`


def callbacks(task: Task, optimizer: torch.optim.Optimizer) -> list[TrainerCallback]:
    """Return what watches and steers a run: its average of weights, its checkpoints, its lines and its end."""
    params = task.params
    average = [Ema(optimizer, params.ema)] if params.ema else []  # adds to a checkpoint before it is complete
    curve = [GrowingCurve(task.curve_file)] if task.curve_file else []
    stopping = [EarlyStoppingCallback(params.early_stopping)] if params.early_stopping else []
    few = [LastIsBest()] if is_few(task) else []
    draws = [SameDraws()] if processes() > 1 else []
    if draws and torch.distributed.get_rank() > 0:  # the first worker speaks for all
        return [*draws, *few, *average, MarkComplete(), *stopping]
    if few:
        say_fixed(task, f"epochs = {params.epochs}")
    return [*draws, *few, *average, EpochLine(), MarkComplete(), *curve, RowsDone(len(task.train.ids)), *stopping]


def processes() -> int:
    """Return how many processes train together: `workers`, and 1 before and after their work."""
    return torch.distributed.get_world_size() if torch.distributed.is_initialized() else 1


def learning_curve(state: TrainerState) -> list[dict[str, float]]:
    """Return losses and validation scores of each epoch, rounded to four digits, and `kept`, 1 for the best epoch.

    Both losses include label smoothing and class weights, as in training; `log_loss` has neither.
    """
    losses = [entry["loss"] for entry in state.log_history if "loss" in entry]
    evaluations = [entry for entry in state.log_history if "eval_loss" in entry]
    return [
        {
            "epoch": number,
            "train_loss": round(loss, 4),
            **{f"validation_{name}": round(entry[f"eval_{name}"], 4) for name in ("loss", *SELECTION_SCORES)},
            "kept": int(entry["step"] == state.best_global_step),
        }
        for number, (loss, entry) in enumerate(zip(losses, evaluations, strict=True), 1)
    ]


class EpochLine(TrainerCallback):
    """Print a line an epoch, above the progress bar if there is one."""

    def on_evaluate(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Print the epoch's losses and accuracy; they are logged by now."""
        train, validation = state.log_history[-2:]
        scored = f"validation loss {validation['eval_loss']:.4f}, accuracy {validation['eval_accuracy']:.4f}"
        epoch = f"epoch {validation['epoch']:.0f} of {args.num_train_epochs:.0f}"
        tqdm.write(f"{epoch}: train loss {train['loss']:.4f}, {scored}")
        sys.stdout.flush()


class LastIsBest(TrainerCallback):
    """Give each epoch a higher score than the one before, so that the last is kept; early stopping never comes."""

    def on_evaluate(self, args: Any, state: TrainerState, control: Any, metrics: Any = None, **_: Any) -> None:
        """Add the score to those of the epoch, from which the Trainer chooses."""
        metrics[f"eval_{LAST}"] = state.global_step


class SameDraws(TrainerCallback):
    """Let all workers draw the same numbers from the next epoch on, so that each takes its part of the same order.

    Dropout draws as many as a worker's batches are large, so their generators part within an epoch.
    """

    def on_epoch_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Seed by the epoch, before its checkpoint keeps the generator's state.

        By the hash, no epoch of another seed draws the same numbers.
        """
        key = f"{args.seed} {round(state.epoch or 0)}".encode()
        torch.manual_seed(int.from_bytes(hashlib.sha256(key).digest()[:4], "big"))


class MarkComplete(TrainerCallback):
    """Mark a checkpoint as complete once all of it is written; then remove all others except the best one.

    The Trainer's own `save_total_limit` removes others before this one is marked, so that a kill could leave none.
    """

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        if processes() > 1:
            torch.distributed.barrier()  # each worker has written what is its own
        if not state.is_world_process_zero:
            return
        folder = Path(str(args.output_dir))
        (folder / f"checkpoint-{state.global_step}" / COMPLETE).touch()
        for step in {int(path.name.split("-")[1]) for path in folder.glob("checkpoint-*")}:
            if step not in (state.global_step, state.best_global_step):
                (folder / f"checkpoint-{step}" / COMPLETE).unlink(missing_ok=True)  # first: half a folder is none
                shutil.rmtree(folder / f"checkpoint-{step}")


class GrowingCurve(TrainerCallback):
    """Write the learning curve so far once an epoch's checkpoint is there, and with it the best epoch's number."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        with replace_file(self.file) as part:
            pd.DataFrame(learning_curve(state)).to_csv(part, index=False)


class RowsDone(TrainerCallback):
    """Show how many rows have been trained on, of those that this process has to train on: `rows` an epoch."""

    def __init__(self, rows: int) -> None:
        self.rows = rows

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Start to count, after those of a checkpoint."""
        self.before = self._rows_by(state)
        self.shown = Progress("train", "rows", round(self.rows * args.num_train_epochs) - self.before)

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Count the rows of a step."""
        self.shown.add(self._rows_by(state) - self.before - self.shown.done)

    def on_train_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Leave a bar as it is."""
        self.shown.close()

    def _rows_by(self, state: TrainerState) -> int:
        return round((state.epoch or 0) * self.rows)
