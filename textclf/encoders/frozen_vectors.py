"""Vectors of a frozen body. They never change, so they are computed once and kept between runs."""

import hashlib
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import PreTrainedModel

from textclf.atomic import replace_file
from textclf.encoders import batches
from textclf.encoders import forward as forward_module
from textclf.encoders.forward import Inputs, forward
from textclf.encoders.machine import machine
from textclf.rows import Rows

Vectors = NDArray[np.float32]

POOLINGS = ("cls", "mean")


def frozen_vectors(
    body: PreTrainedModel, rows: Rows, pooling: str, batch_size: int, desc: str, cache_dir: Path | None = None
) -> Vectors:
    """Return one vector a row, shape (rows, size), of the last hidden states: the first token's (`cls`) or the `mean`.

    A row that occurs more than once, by its id, is computed once. `cache_dir` keeps the vectors of both poolings
    between runs, in a file named by everything that determines them; `desc` names the progress bar.
    """
    _, first, place = np.unique(rows.ids, return_index=True, return_inverse=True)
    distinct = rows.take(first.tolist())
    file = cache_dir and cache_dir / f"{_digest(body, distinct, batch_size)}.npy"
    if file and file.is_file():
        both = np.load(file, allow_pickle=False)
    else:
        both = forward(body, lambda inputs: pooled(body, inputs), distinct.input_ids, batch_size, desc)
        if file:
            with replace_file(file) as part:
                np.save(part, both, allow_pickle=False)
    halves = dict(zip(POOLINGS, np.split(both, len(POOLINGS), axis=1), strict=True))
    return np.ascontiguousarray(halves[pooling][place])


def pooled(body: PreTrainedModel, inputs: Inputs) -> torch.Tensor:
    """Return the vectors of both `POOLINGS`, side by side: one pass serves both."""
    states = body(**inputs).last_hidden_state
    mask = inputs["attention_mask"].unsqueeze(-1).to(states.dtype)
    return torch.cat([states[:, 0], (states * mask).sum(dim=1) / mask.sum(dim=1)], dim=1)


def _digest(body: PreTrainedModel, rows: Rows, batch_size: int) -> str:
    """Hash weights, architecture, rows, code and machine: batches and threads change the last digits."""
    settings = [str(batch_size), *machine(), body.config.to_json_string(use_diff=False)]
    digest = hashlib.sha256("\n".join(settings).encode())
    for module in (__file__, forward_module.__file__, batches.__file__):
        digest.update(Path(module).read_bytes())
    for name, tensor in sorted(body.state_dict().items()):
        if name.startswith("pooler."):
            continue  # BERT's pooler works like a part of the head; the states don't depend on it
        digest.update(name.encode() + tensor.detach().cpu().contiguous().numpy().tobytes())
    for ids in rows.input_ids:
        digest.update(np.asarray(ids, dtype=np.int32).tobytes() + b"\0")
    return digest.hexdigest()[:32]
