"""What a frozen body says of the rows. It never changes, so it is computed once and kept between runs."""

import hashlib
import os
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import PreTrainedModel

from stages.lib import batches
from stages.lib import forward as forward_module
from stages.lib.forward import Inputs, forward
from stages.lib.machine import machine
from stages.lib.rows import Rows

Vectors = NDArray[np.float32]

POOLINGS = ("cls", "mean")


def vectors(
    body: PreTrainedModel, rows: Rows, pooling: str, batch_size: int, what: str, keep: Path | None = None
) -> Vectors:
    """Return one vector a row, shape (rows, size), of the last hidden states: the first token's (`cls`) or the `mean`.

    A row that comes more than once, by its id, is computed once. `keep` is a folder for vectors between runs, of both
    kinds, named by all that determines them; `what` names the progress bar.
    """
    _, first, place = np.unique(rows.ids, return_index=True, return_inverse=True)
    distinct = rows.take(first.tolist())
    file = keep and keep / f"{_digest(body, distinct, batch_size)}.npy"
    if file and file.is_file():
        both = np.load(file, allow_pickle=False)
    else:
        both = forward(body, lambda inputs: pooled(body, inputs), distinct.input_ids, batch_size, what)
        if file:
            _write(both, file)
    halves = dict(zip(POOLINGS, np.split(both, len(POOLINGS), axis=1), strict=True))
    return np.ascontiguousarray(halves[pooling][place])


def pooled(body: PreTrainedModel, inputs: Inputs) -> torch.Tensor:
    """Return the vectors of both `POOLINGS`, side by side: one pass serves whoever asks next."""
    states = body(**inputs).last_hidden_state
    mask = inputs["attention_mask"].unsqueeze(-1).to(states.dtype)
    return torch.cat([states[:, 0], (states * mask).sum(dim=1) / mask.sum(dim=1)], dim=1)


def _digest(body: PreTrainedModel, rows: Rows, batch_size: int) -> str:
    """Name vectors by weights, architecture, rows, code and machine: batches and threads change the last digits."""
    settings = [str(batch_size), *machine(), body.config.to_json_string(use_diff=False)]
    digest = hashlib.sha256("\n".join(settings).encode())
    for module in (__file__, forward_module.__file__, batches.__file__):
        digest.update(Path(module).read_bytes())
    for name, tensor in sorted(body.state_dict().items()):
        digest.update(name.encode() + tensor.detach().cpu().contiguous().numpy().tobytes())
    for ids in rows.input_ids:
        digest.update(np.asarray(ids, dtype=np.int32).tobytes() + b"\0")
    return digest.hexdigest()[:32]


def _write(found: Vectors, file: Path) -> None:
    """Write whole or not at all: the last step is a rename."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(f".{os.getpid()}.npy")
    np.save(part, found, allow_pickle=False)
    part.replace(file)
