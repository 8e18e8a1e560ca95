"""Fine-tuning with the Hugging Face Trainer: an evaluation and a checkpoint each epoch, the best epoch kept."""

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from numpy.typing import NDArray
from torch.nn.attention import SDPBackend, sdpa_kernel
from transformers import (
    EvalPrediction,
    PreTrainedModel,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)

from textclf.encoders.device import choose_device
from textclf.encoders.frozen import Vectors
from textclf.encoders.precision import resolve_precision
from textclf.errors import InputError
from textclf.metrics.selection import selection_scores
from textclf.outputs import write_json
from textclf.params import Params
from textclf.probabilities import softmax
from textclf.rows import Rows
from textclf.training.callbacks import LAST, callbacks, learning_curve, processes
from textclf.training.few_rows import is_few
from textclf.training.loss import hard_labels, loss_function
from textclf.training.resume import last_checkpoint
from textclf.training.task import Task
from textclf.training.trackers import trackers

Collate = Callable[[list[Any]], Any]  # from rows to a batch: a dict of tensors

SCHEDULERS = {"linear": "linear", "cosine": "cosine", "constant": "constant_with_warmup"}


def fit(
    model: PreTrainedModel,
    optimizer: torch.optim.Optimizer,
    train: Dataset,
    validation: Dataset,
    collate: Collate,
    task: Task,
    further: Sequence[TrainerCallback] = (),
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
        compute_loss_func=loss_function(hard_labels(np.asarray(train["labels"])), task.params),
        compute_metrics=_selection_scores,
        callbacks=[*callbacks(task, optimizer), *further],
        optimizers=(optimizer, None),
    )
    trainer.remove_callback(PrinterCallback)  # prints raw dictionaries; EpochLine prints sentences
    checkpoint = last_checkpoint(task.resume_dir)
    if checkpoint:
        state = _read_state(checkpoint)
        if epochs := _stopped_after(state, task.params.early_stopping):
            trainer.args.num_train_epochs = epochs
        if state["epoch"] < trainer.args.num_train_epochs:
            print(f"resuming the interrupted run from its {checkpoint.name}", flush=True)
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
    chosen = TrainingArguments(
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
    # Further GPUs are for `workers`: the Trainer would make a batch for each of them, and add up their losses.
    chosen._n_gpu = min(chosen.n_gpu, 1)
    return chosen


def _selection_scores(predicted: EvalPrediction) -> dict[str, float]:
    logits = np.asarray(predicted.predictions)
    if not np.isfinite(logits).all():  # before a checkpoint of this epoch is written, so that none is resumed from
        raise InputError("training diverged: the model's outputs are no longer numbers; lower lr or head_lr_factor")
    return selection_scores(np.asarray(predicted.label_ids), softmax(logits))
