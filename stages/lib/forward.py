"""Forward passes without gradients: length-sorted batches, results in the order of the rows."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm
from transformers import PreTrainedModel

Inputs = dict[str, torch.Tensor]


def forward(
    model: PreTrainedModel,
    read: Callable[[Inputs], torch.Tensor],
    input_ids: list[NDArray[np.int32]],
    batch_size: int,
    what: str,
) -> NDArray[np.float32]:
    """Return `read(inputs)`, shape (batch, size), for every row: an array of shape (rows, size), in the rows' order.

    Batches are padded to their own longest row, so rows of like length go together. Computed in fp32, without dropout.
    `what` names the progress bar; without a name there is none.
    """
    model.eval()
    order = np.argsort([len(ids) for ids in input_ids], kind="stable")[::-1]
    batches = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
    with torch.inference_mode():
        found = [
            read(padded([input_ids[row] for row in batch], model)).float().cpu().numpy()
            for batch in tqdm(batches, what, unit="batch", disable=None if what else True)
        ]
    vectors = np.concatenate(found)
    return vectors[np.argsort(order, kind="stable")]


def padded(input_ids: list[NDArray[np.int32]], model: PreTrainedModel) -> Inputs:
    """Return input_ids and attention_mask of one batch, shape (batch, longest), on the model's device."""
    longest = max(len(ids) for ids in input_ids)
    tokens = torch.full((len(input_ids), longest), int(model.config.pad_token_id or 0))
    mask = torch.zeros_like(tokens)
    for row, ids in enumerate(input_ids):
        tokens[row, : len(ids)] = torch.tensor(ids)
        mask[row, : len(ids)] = 1
    return {"input_ids": tokens.to(model.device), "attention_mask": mask.to(model.device)}
