"""A body that is not trained: what it makes of a row is computed once, whatever other rows there are.

Three things are kept between runs, each by the row's token ids: vectors (the first token's and the mean over the tokens
of the last layer), the means of all layers, and the states of the lowest layers.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.attention import SDPBackend, sdpa_kernel
from transformers import PreTrainedModel

from textclf.encoders import fixed_batches, layers
from textclf.encoders.batches import Tokens
from textclf.encoders.forward import pad_id, to_inputs
from textclf.encoders.machine import machine
from textclf.encoders.pooling import LAST, pool
from textclf.encoders.precision import autocast
from textclf.encoders.row_store import RowStore, row_key
from textclf.encoders.tokenizers import most_tokens

TokenIds = list[NDArray[np.int32]]
Vectors = NDArray[np.float32]
Kept = dict[str, dict[bytes, torch.Tensor]]  # tensors by key, of each kind

FILE = 2**26  # bytes of a file: an interrupted pass loses no more
LIMIT = 4 * 2**30  # bytes of states of one split that are kept
# Tokens. Eager attention (MPNet's) has a matrix of tokens x tokens for each row, and on some processors a product's
# last bits depend on where it begins: with a multiple of 4, at 64 bytes.
ALIGNED = 4
# PyTorch's choice, also where training restricts its own: another kernel would give other bytes.
ATTENTION = [
    SDPBackend.FLASH_ATTENTION,
    SDPBackend.EFFICIENT_ATTENTION,
    SDPBackend.CUDNN_ATTENTION,
    SDPBackend.MATH,
    SDPBackend.OVERRIDEABLE,
]
NAMES = ("id2label", "label2id", "_name_or_path")  # of the config: a head's, and where the body came from
DTYPES = {"bf16": torch.bfloat16, "fp32": torch.float32}


class Frozen:
    """A body with its arithmetic, and the folder of what it has computed. `cut` layers are below the states."""

    def __init__(self, body: PreTrainedModel, precision: str, cache_dir: Path, cut: int = 0) -> None:
        self.body, self.precision, self.cut = body.eval(), precision, cut
        self.lower = layers.lower_model(body, cut) if cut else body
        self._folder = cache_dir / _digest(body, precision)
        self._stores: dict[str, RowStore] = {}

    def vectors(self, input_ids: TokenIds, pooling: str, desc: str) -> Vectors:
        """Return one vector a row, shape (rows, size), pooled as `pooling` says; `desc` names the progress bar.

        With a `cut`, the same pass keeps the states of the rows that it computes.
        """
        kind = "layers" if pooling == "layers" else "last"
        kinds = {kind, self._states} if self.cut and self._fits(input_ids) else {kind}
        self._keep(input_ids, kind, kinds, desc)
        found = torch.cat([self._store(kind)[row_key(ids)] for ids in input_ids]).numpy()
        if kind == "layers":
            return found
        return np.ascontiguousarray(np.split(found, len(LAST), axis=1)[LAST.index(pooling)])

    def keep_states(self, input_ids: TokenIds, desc: str) -> None:
        """Compute and keep the states of these rows, unless there are too many of them."""
        if self._fits(input_ids):
            self._keep(input_ids, self._states, {self._states}, desc)
        else:
            size = f"{self._states_size(input_ids) / 2**30:.1f} GB of states"
            print(f"{desc}: {size} are too many to keep; they are computed as they are needed", file=sys.stderr)

    def states(self, input_ids: TokenIds) -> list[torch.Tensor]:
        """Return the states of each row, shape (tokens, size), from the cache or computed now, with the same bytes."""
        store, keys = self._store(self._states), [row_key(ids) for ids in input_ids]
        missing = {key: ids for key, ids in zip(keys, input_ids, strict=True) if key not in store}
        computed: dict[bytes, torch.Tensor] = {}
        for batch in self._passes(missing, {self._states}, ""):
            computed |= batch[self._states]
        return [computed[key] if key in computed else store[key] for key in keys]

    @property
    def _states(self) -> str:
        return f"states-{self.cut}"

    def _states_size(self, input_ids: TokenIds) -> int:
        distinct = {row_key(ids): len(ids) for ids in input_ids}
        return sum(distinct.values()) * int(self.body.config.hidden_size) * DTYPES[self.precision].itemsize

    def _fits(self, input_ids: TokenIds) -> bool:
        return self._states_size(input_ids) <= LIMIT

    def _store(self, kind: str) -> RowStore:
        if kind not in self._stores:
            self._stores[kind] = RowStore(self._folder / kind)
        return self._stores[kind]

    def _keep(self, input_ids: TokenIds, needed: str, kinds: set[str], desc: str) -> None:
        """Compute `kinds` of each distinct row that lacks the `needed` one, and keep them."""
        keyed = {row_key(ids): ids for ids in input_ids}
        missing = {key: ids for key, ids in keyed.items() if key not in self._store(needed)}
        waiting: Kept = {kind: {} for kind in kinds}
        sizes = dict.fromkeys(kinds, 0)
        for batch in self._passes(missing, kinds, desc):
            for kind in kinds:
                new = {key: row for key, row in batch[kind].items() if key not in self._store(kind)}
                waiting[kind] |= new
                sizes[kind] += sum(row.nbytes for row in new.values())
                if sizes[kind] >= FILE:
                    self._store(kind).add(waiting[kind])
                    waiting[kind], sizes[kind] = {}, 0
        for kind, rows in waiting.items():
            if rows:
                self._store(kind).add(rows)

    def _passes(self, keyed: dict[bytes, NDArray[np.int32]], kinds: set[str], desc: str) -> Iterator[Kept]:
        """Yield the tensors of each of `kinds` by key, a batch of rows at a time."""
        keys, input_ids = list(keyed), list(keyed.values())

        def run(tokens: Tokens, mask: Tokens) -> dict[str, torch.Tensor]:
            with torch.inference_mode(), autocast(self.precision, self.body.device), sdpa_kernel(ATTENTION):
                return {kind: found.cpu() for kind, found in self._run(to_inputs(tokens, mask, self.body), kinds)}

        multiple = ALIGNED if self.body.config._attn_implementation == "eager" else 1
        most = most_tokens(self.body.config)
        for rows, found in fixed_batches.in_fixed_batches(run, input_ids, pad_id(self.body), desc, multiple, most):
            yield {
                kind: {
                    keys[row]: tensor[place, : len(input_ids[row]) if kind == self._states else 1].clone()
                    for place, row in enumerate(rows)
                }
                for kind, tensor in found.items()
            }

    def _run(self, inputs: dict[str, torch.Tensor], kinds: set[str]) -> Iterator[tuple[str, torch.Tensor]]:
        """Yield each kind with its tensor of shape (batch, length, size), from a single pass."""
        dtype = DTYPES[self.precision]
        if kinds == {self._states}:
            yield self._states, self.lower(**inputs).last_hidden_state.to(dtype)
            return
        states = self.body(**inputs, output_hidden_states=True).hidden_states
        for kind in kinds - {self._states}:
            poolings = LAST if kind == "last" else (kind,)
            vectors = [pool(states, inputs["attention_mask"], pooling) for pooling in poolings]
            yield kind, torch.cat(vectors, dim=1)[:, None].float()
        if self._states in kinds:
            yield self._states, states[self.cut].to(dtype)


def _digest(body: PreTrainedModel, precision: str) -> str:
    """Hash weights, architecture, arithmetic, code and machine: threads change the last digits.

    A body under a head and one without share what they compute.
    """
    config = json.loads(body.config.to_json_string(use_diff=False))
    device = "cpu" if body.device.type == "cpu" else "auto"
    architecture = json.dumps({key: config[key] for key in sorted(config) if key not in NAMES})
    settings = [precision, *machine(device), architecture]
    digest = hashlib.sha256("\n".join(settings).encode())
    for module in ("fixed_batches", "forward", "frozen", "layers", "pooling", "precision", "row_store", "tokenizers"):
        digest.update(Path(__file__).with_name(f"{module}.py").read_bytes())
    for name, tensor in sorted(body.state_dict().items()):
        if name.startswith("pooler."):
            continue  # BERT's pooler works like a part of the head; the states don't depend on it
        digest.update(name.encode() + _bytes(tensor))
    return digest.hexdigest()[:32]


def _bytes(tensor: Any) -> bytes:
    return bytes(tensor.detach().cpu().contiguous().numpy().tobytes())
