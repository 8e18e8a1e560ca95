"""Training the upper layers alone: they start from the states of the frozen layers below, which are computed once."""

from typing import Any

import numpy as np
import torch
from torch.nn.utils.rnn import pad_sequence
from transformers import PreTrainedModel

from textclf.encoders.forward import Inputs
from textclf.encoders.frozen import Frozen
from textclf.encoders.heads import same_logits
from textclf.encoders.layers import layers_of, upper_model
from textclf.errors import InputError
from textclf.training.task import Task


class FromStates:
    """Makes a batch of rows: states, shape (batch, longest, size), mask and labels instead of token ids."""

    def __init__(self, frozen: Frozen) -> None:
        self.frozen = frozen

    def __call__(self, rows: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        """Return the batch of `rows`, which have input_ids and labels."""
        states = self.frozen.states([np.asarray(row["input_ids"], dtype=np.int32) for row in rows])
        return {
            "inputs_embeds": pad_sequence(states, batch_first=True).float(),
            "attention_mask": pad_sequence(
                [torch.ones(len(row), dtype=torch.long) for row in states], batch_first=True
            ),
            "labels": torch.tensor([row["labels"] for row in rows]),
        }


def layers_below(body: PreTrainedModel, trained: str | int, key: str) -> int:
    """Return how many layers are below the `trained` upper ones; 0 for a word, which trains all layers.

    `key` is the parameter's, for the message of the `InputError` if the checkpoint has too few layers.
    """
    if isinstance(trained, str):
        return 0
    there = len(layers_of(body))
    if trained >= there:
        numbers = f"1 to {there - 1}, or " if there > 1 else ""
        raise InputError(
            f"params.yaml: {key} = {trained}: the checkpoint's number of layers is {there}; allowed: {numbers}a word "
            "for all of them (docs/reference.md)"
        )
    return there - trained


def upper_part(model: PreTrainedModel, frozen: Frozen, task: Task) -> tuple[PreTrainedModel, FromStates]:
    """Return the upper layers with the head as a model, and what makes its batches; the states below are kept now."""
    upper = upper_model(model, frozen.cut)
    for rows, name in ((task.train, "train"), (task.validation, "validation")):
        frozen.keep_states(rows.input_ids, f"{name}, layers below")
    return upper, FromStates(frozen)


def freeze_below(model: PreTrainedModel, cut: int) -> None:
    """Let only the layers above `cut`, the pooler and the head be trained; what layers share stays as it is."""
    body = model.base_model
    for name, part in body.named_children():
        part.requires_grad_(name == "pooler")
    for layer in list(layers_of(body))[cut:]:
        layer.requires_grad_(True)


def check_starts_from_states(model: PreTrainedModel, frozen: Frozen, task: Task) -> None:
    """Raise `InputError` if the upper layers alone don't give the whole model's logits."""
    upper = upper_model(model, frozen.cut).eval()

    def from_states(inputs: Inputs) -> torch.Tensor:
        states = frozen.lower(**inputs).last_hidden_state
        logits: torch.Tensor = upper(inputs_embeds=states, attention_mask=inputs["attention_mask"]).logits
        return logits

    if not same_logits(model, task.train.input_ids[0], from_states):
        raise InputError(
            f"params.yaml: {task.params.method}.trained_layers: layers of a {type(model).__name__} can't start from "
            "the states below; use a BERT, DistilBERT, RoBERTa, MPNet or the like, or train all layers"
        )
