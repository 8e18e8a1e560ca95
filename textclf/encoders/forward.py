"""Forward passes of a PyTorch model without gradients and without dropout."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import PreTrainedModel

from textclf.encoders.batches import Tokens, in_batches, padded
from textclf.encoders.precision import autocast

Inputs = dict[str, torch.Tensor]


def forward(
    model: PreTrainedModel,
    read: Callable[[Inputs], torch.Tensor],
    input_ids: list[NDArray[np.int32]],
    batch_size: int,
    desc: str,
    precision: str,
) -> NDArray[np.float32]:
    """Return `read(inputs)`, shape (batch, size), for every row: an array of shape (rows, size), in the rows' order.

    `desc` names the progress bar; an empty one shows none. `precision` is bf16 or fp32.
    """

    def run(tokens: Tokens, mask: Tokens) -> NDArray[np.float32]:
        return np.asarray(read(to_inputs(tokens, mask, model)).float().cpu().numpy())

    model.eval()
    with torch.inference_mode(), autocast(precision, model.device):
        return in_batches(run, input_ids, pad_id(model), batch_size, desc)


def one_batch(input_ids: list[NDArray[np.int32]], model: PreTrainedModel) -> Inputs:
    """Return input_ids and attention_mask of these rows, shape (rows, longest), on the model's device."""
    return to_inputs(*padded(input_ids, pad_id(model)), model)


def pad_id(model: PreTrainedModel) -> int:
    """Return the token id that fills up a batch."""
    return int(model.config.pad_token_id or 0)


def to_inputs(tokens: Tokens, mask: Tokens, model: PreTrainedModel) -> Inputs:
    """Return token ids and attention mask, shape (rows, tokens), as the model takes them."""
    return {
        "input_ids": torch.from_numpy(tokens).to(model.device),
        "attention_mask": torch.from_numpy(mask).to(model.device),
    }
