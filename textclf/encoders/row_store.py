"""What was computed for rows, kept by their token ids in files that are added to a folder and never changed."""

import hashlib
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from textclf.atomic import replace_file

KEY = 16  # bytes
CHECKSUM = "sha256"  # the name in a file's metadata


def row_key(input_ids: NDArray[np.int32]) -> bytes:
    """Return the key of a row with these token ids."""
    return hashlib.sha256(np.ascontiguousarray(input_ids, dtype=np.int32).tobytes()).digest()[:KEY]


class RowStore:
    """Tensors by key, each of shape (length, size), memory-mapped from the files of `folder`.

    Two processes may add the same rows at the same time; both write the same bytes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._parts: list[torch.Tensor] = []
        self._places: dict[bytes, tuple[int, int, int]] = {}
        for file in sorted(folder.glob("[!.]*.safetensors")):
            self._open(file)

    def __contains__(self, key: bytes) -> bool:
        """Return whether the row is there."""
        return key in self._places

    def __getitem__(self, key: bytes) -> torch.Tensor:
        """Return the row's tensor, shape (length, size)."""
        part, start, stop = self._places[key]
        return self._parts[part][start:stop]

    def add(self, rows: Mapping[bytes, torch.Tensor]) -> None:
        """Keep these tensors in a file of their own, whole or not at all."""
        keys = np.frombuffer(b"".join(rows), dtype=np.uint8).reshape(-1, KEY)
        lengths = torch.tensor([len(row) for row in rows.values()])
        file = self.folder / f"{hashlib.sha256(keys.tobytes()).hexdigest()[:32]}.safetensors"
        tensors = {"keys": torch.from_numpy(keys.copy()), "lengths": lengths, "rows": torch.cat(list(rows.values()))}
        with replace_file(file) as part:
            save_file(tensors, part, {CHECKSUM: _checksum(tensors)})
        self._open(file)

    def _open(self, file: Path) -> None:
        try:
            with safe_open(file, "pt") as opened:
                tensors = {name: opened.get_tensor(name) for name in ("keys", "lengths", "rows")}
                if (opened.metadata() or {}).get(CHECKSUM) != _checksum(tensors):
                    raise SafetensorError("other bytes than were written")
        except SafetensorError:
            print(f"{file} is damaged; what it held is computed again", file=sys.stderr)
            file.unlink(missing_ok=True)  # another process may have removed it
            return
        stops = np.cumsum(tensors["lengths"].numpy())
        for key, length, stop in zip(tensors["keys"].numpy(), tensors["lengths"].tolist(), stops.tolist(), strict=True):
            self._places[key.tobytes()] = len(self._parts), stop - length, stop
        self._parts.append(tensors["rows"])


def _checksum(tensors: Mapping[str, torch.Tensor]) -> str:
    """Return a checksum of the bytes of the tensors, in the order of their names."""
    found = hashlib.sha256()
    for name in sorted(tensors):
        found.update(tensors[name].contiguous().view(torch.uint8).numpy().data)
    return found.hexdigest()
