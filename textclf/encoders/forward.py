"""Forward passes of a PyTorch model without gradients, in fp32, without dropout."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import PreTrainedModel

from textclf.encoders.batches import Tokens, in_batches, padded

Inputs = dict[str, torch.Tensor]


def forward(
    model: PreTrainedModel,
    read: Callable[[Inputs], torch.Tensor],
    input_ids: list[NDArray[np.int32]],
    batch_size: int,
    desc: str,
) -> NDArray[np.float32]:
    """Return `read(inputs)`, shape (batch, size), for every row: an array of shape (rows, size), in the rows' order.

    `desc` names the progress bar; an empty one shows none.
    """

    def run(tokens: Tokens, mask: Tokens) -> NDArray[np.float32]:
        return np.asarray(read(_inputs(tokens, mask, model)).float().cpu().numpy())

    model.eval()
    with torch.inference_mode():
        return in_batches(run, input_ids, _pad(model), batch_size, desc)


def one_batch(input_ids: list[NDArray[np.int32]], model: PreTrainedModel) -> Inputs:
    """Return input_ids and attention_mask of these rows, shape (rows, longest), on the model's device."""
    return _inputs(*padded(input_ids, _pad(model)), model)


def _pad(model: PreTrainedModel) -> int:
    return int(model.config.pad_token_id or 0)


def _inputs(tokens: Tokens, mask: Tokens, model: PreTrainedModel) -> Inputs:
    return {
        "input_ids": torch.from_numpy(tokens).to(model.device),
        "attention_mask": torch.from_numpy(mask).to(model.device),
    }


def on_device(model: PreTrainedModel) -> PreTrainedModel:
    """Move `model` to the GPU, if there is one."""
    torch.nn.Module.to(model, "cuda" if torch.cuda.is_available() else "cpu")  # its own `to` is not typed
    return model
