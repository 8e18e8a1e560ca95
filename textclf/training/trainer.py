"""Fine-tuning with the Hugging Face Trainer: an evaluation and a checkpoint each epoch, the best epoch kept."""

import hashlib
import json
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from datasets import Dataset
from numpy.typing import NDArray
from sklearn.utils.class_weight import compute_class_weight
from torch.nn.attention import SDPBackend, sdpa_kernel
from tqdm import tqdm
from transformers import (
    EarlyStoppingCallback,
    EvalPrediction,
    PreTrainedModel,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)

from textclf.atomic import replace_file
from textclf.encoders.device import choose_device
from textclf.encoders.frozen import Vectors
from textclf.encoders.precision import resolve_precision
from textclf.errors import InputError
from textclf.metrics.selection import SELECTION_SCORES, selection_scores
from textclf.outputs import write_json
from textclf.params import Distil, Params
from textclf.probabilities import Labels, softmax
from textclf.progress import Progress
from textclf.rows import Rows
from textclf.training.ema import Ema
from textclf.training.few_rows import is_few, say_fixed
from textclf.training.resume import COMPLETE, last_checkpoint
from textclf.training.task import Task
from textclf.training.trackers import trackers

Collate = Callable[[list[Any]], Any]  # from rows to a batch: a dict of tensors

LAST = "last"  # the score of `LastIsBest`
SCHEDULERS = {"linear": "linear", "cosine": "cosine", "constant": "constant_with_warmup"}


def fit(
    model: PreTrainedModel,
    optimizer: torch.optim.Optimizer,
    train: Dataset,
    validation: Dataset,
    collate: Collate,
    task: Task,
    callbacks: Sequence[TrainerCallback] = (),
) -> list[dict[str, float]]:
    """Train `model` in place, to the best epoch's weights, and return the learning curve, a dict an epoch.

    The data sets are those of `token_rows` or `vector_rows`; `collate` makes a batch of some of their rows. Training
    resumes from the last whole checkpoint in the task's `resume_dir`, with the same result as an uninterrupted run. The
    curve so far is written to its `curve_file` after each epoch. With few rows the last epoch counts as the best.
    """
    sampling = "group_by_length" if "input_ids" in train.column_names else "random"
    trainer = Trainer(
        model=model,
        args=arguments(task.params, task.resume_dir, sampling, is_few(task)),
        train_dataset=train,
        eval_dataset=validation,
        data_collator=collate,
        compute_loss_func=loss_function(_hard(np.asarray(train["labels"])), task.params),
        compute_metrics=_selection_scores,
        callbacks=[*_callbacks(task, optimizer), *callbacks],
        optimizers=(optimizer, None),
    )
    trainer.remove_callback(PrinterCallback)  # prints raw dictionaries; EpochLine prints sentences
    checkpoint = last_checkpoint(task.resume_dir)
    if checkpoint:
        print(f"resuming the interrupted run from its {checkpoint.name}", flush=True)
        state = _read_state(checkpoint)
        if epochs := _stopped_after(state, task.params.early_stopping):
            trainer.args.num_train_epochs = epochs
    with attention_for_training(trainer.args):
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    if not Path(str(trainer.state.best_model_checkpoint)).is_dir():
        raise InputError(f"{trainer.state.best_model_checkpoint} was removed while the stage was running; run it again")
    return learning_curve(trainer.state)


def attention_for_training(args: TrainingArguments) -> AbstractContextManager[Any]:
    """Return the context in which attention trains fast: on a processor in bf16, plain products.

    Without dropout, PyTorch would take its fused attention there, whose backward pass takes five times as long.
    """
    return sdpa_kernel(SDPBackend.MATH) if args.use_cpu and args.bf16 else nullcontext()


def _read_state(checkpoint: Path) -> dict[str, Any]:
    """Return the Trainer's state in `checkpoint`; correct its path to the best one if the checkout was moved."""
    file = checkpoint / "trainer_state.json"
    state: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    best = checkpoint.parent / f"checkpoint-{state['best_global_step']}"
    if state["best_model_checkpoint"] != str(best):
        write_json(file, state | {"best_model_checkpoint": str(best)})
    return state


def _stopped_after(state: dict[str, Any], patience: int | None) -> float | None:
    """Return the epoch after which early stopping had ended the run, or None."""
    stopping = state["stateful_callbacks"].get("EarlyStoppingCallback")
    if patience is None or stopping is None:
        return None
    waited = stopping["attributes"]["early_stopping_patience_counter"]
    return float(state["epoch"]) if waited >= patience else None


def token_rows(rows: Rows, taught: NDArray[np.float64] | None = None, positions: bool = False) -> Dataset:
    """Return the rows as token ids, labels and, if asked for, their positions.

    With `taught`, shape (rows, labels), a label is followed by its row.
    """
    labels = rows.labels if taught is None else np.column_stack([rows.labels, taught])
    columns = {"input_ids": rows.input_ids, "labels": labels}
    return Dataset.from_dict(columns | ({"position": range(len(labels))} if positions else {}))


def vector_rows(rows: Rows, vectors: Vectors) -> Dataset:
    """Return the rows as [CLS] vectors, shape (rows, size), and labels: the input of a head without its body."""
    return Dataset.from_dict({"inputs_embeds": list(vectors), "labels": rows.labels}).with_format("torch")


def adamw(parameters: Iterable[tuple[torch.nn.Parameter, float]], weight_decay: float) -> torch.optim.AdamW:
    """Return fused AdamW of parameters with their lr; biases and norms have no weight decay."""
    groups: dict[tuple[float, bool], list[torch.nn.Parameter]] = {}
    for parameter, lr in parameters:
        groups.setdefault((lr, parameter.ndim > 1), []).append(parameter)
    return torch.optim.AdamW(
        [
            {"params": group, "lr": lr, "weight_decay": weight_decay if matrix else 0.0}
            for (lr, matrix), group in groups.items()
        ],
        fused=True,
    )


def arguments(params: Params, resume_dir: Path, sampling: str, few: bool = False) -> TrainingArguments:
    """Return `params` by the names that the Trainer has for them; with `few` rows the last epoch counts as the best."""
    device = choose_device(params.device)
    return TrainingArguments(
        output_dir=str(resume_dir),
        num_train_epochs=params.epochs,
        per_device_train_batch_size=params.batch_size // (processes() * params.accumulate),
        gradient_accumulation_steps=params.accumulate,
        activation_checkpointing=params.gradient_checkpointing,
        activation_checkpointing_kwargs={"use_reentrant": False},  # which frozen layers below don't upset
        per_device_eval_batch_size=params.eval_batch_size,
        train_sampling_strategy=sampling,
        learning_rate=params.lr,
        lr_scheduler_type=SCHEDULERS[params.scheduler],
        warmup_steps=params.warmup,  # below 1: a share of all steps
        max_grad_norm=params.max_grad_norm,
        bf16=resolve_precision(params.precision, params.device) == "bf16",
        use_cpu=device == "cpu",
        dataloader_pin_memory=device == "cuda",
        eval_strategy="epoch",
        save_strategy="epoch",
        logging_strategy="epoch",
        load_best_model_at_end=True,
        metric_for_best_model=LAST if few else params.selection_metric,
        greater_is_better=few or params.selection_metric != "log_loss",
        seed=params.seed,
        remove_unused_columns=False,  # a collator needs the rows' positions
        restore_callback_states_from_checkpoint=True,  # the patience of early stopping
        disable_tqdm=True,  # the Trainer's own bar; see RowsDone
        report_to=trackers(resume_dir.name) or "none",
    )


def processes() -> int:
    """Return how many processes train together: `workers`, and 1 before and after their work."""
    return torch.distributed.get_world_size() if torch.distributed.is_initialized() else 1


def loss_function(train: Labels, params: Params) -> Callable[..., torch.Tensor]:
    """Return the mean cross-entropy of a batch, with label smoothing and class weights as `params` say.

    With weights it is the weighted sum divided by the number of rows, so that a batch in parts has the same loss.
    Where labels are followed by the teachers' probabilities, the loss is that of `taught_loss`. Of a batch that is
    computed in parts, by `workers` or one after the other (`accumulate`), a part's loss counts by its rows.

    `train` holds the labels of the training rows, from which the weights are computed.
    """
    weight: torch.Tensor | None = None
    if params.class_weights == "balanced":
        balanced = compute_class_weight("balanced", classes=np.unique(train), y=train)
        weight = torch.tensor(balanced, dtype=torch.float32)

    parts = params.workers * params.accumulate

    def loss(outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None, **_: Any) -> torch.Tensor:
        logits = outputs["logits"].float()
        hard = torch.nn.functional.cross_entropy(
            logits,
            _hard(labels).long(),
            weight=None if weight is None else weight.to(logits.device),
            label_smoothing=params.label_smoothing,
            reduction="mean" if weight is None else "sum",  # the weighted mean would divide by the sum of weights
        )
        if weight is not None:
            hard = hard / len(labels)
        mean = hard if labels.ndim == 1 else taught_loss(logits, labels[:, 1:], hard, params.distil)
        # The Trainer counts the values of a whole batch's labels, and adds up the parts' losses.
        return mean if parts == 1 or num_items_in_batch is None else mean * (labels.numel() / num_items_in_batch)

    return loss


def taught_loss(logits: torch.Tensor, taught: torch.Tensor, hard: torch.Tensor, distil: Distil) -> torch.Tensor:
    """Return the loss of distillation (Hinton et al. 2015): the labels' (`hard`) and the teachers', weighted.

    `logits` and the teachers' probabilities `taught` have shape (batch, labels). A gradient through probabilities at a
    temperature T is 1/T^2 of the usual one, hence the factor.
    """
    soft = torch.nn.functional.cross_entropy(logits / distil.temperature, taught.float()) * distil.temperature**2
    return (1 - distil.weight) * hard + distil.weight * soft


def _hard(labels: Any) -> Any:
    """Return the labels without the teachers' probabilities that may follow them."""
    return labels if labels.ndim == 1 else labels[:, 0]


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


def _callbacks(task: Task, optimizer: torch.optim.Optimizer) -> list[TrainerCallback]:
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


def _selection_scores(predicted: EvalPrediction) -> dict[str, float]:
    logits = np.asarray(predicted.predictions)
    if not np.isfinite(logits).all():  # before a checkpoint of this epoch is written, so that none is resumed from
        raise InputError("training diverged: the model's outputs are no longer numbers; lower lr or head_lr_factor")
    return selection_scores(np.asarray(predicted.label_ids), softmax(logits))
