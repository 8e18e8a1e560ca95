"""The checkpoint that `model` in params.yaml names: a spec or folder in models/checkpoints, or a commit on the Hub."""

import re
from pathlib import Path

from textclf.cache import is_watched, untracked
from textclf.encoders.checkpoints import Checkpoint
from textclf.errors import InputError
from textclf.specs import read_spec

PINNED = re.compile(r"(?P<hub>[\w.-]+/[\w.-]+)@(?P<revision>.+)")


def read_checkpoint(model: str, specs: Path) -> Checkpoint:
    """Return the checkpoint that `model` names: a spec or folder in `specs`, or `org/name@<commit>`.

    Reads no weights. A folder elsewhere is refused, as DVC doesn't notice when its files change.
    """
    known = sorted(file.stem for file in specs.glob("*.yaml"))
    if model in known:
        return _watched(read_spec(specs / f"{model}.yaml", Checkpoint), f"{specs / model}.yaml: folder", specs)
    if match := PINNED.fullmatch(model):
        if not re.fullmatch(r"[0-9a-f]{40}", match["revision"]):
            raise InputError(
                f"params.yaml: model = {model!r}: {match['revision']!r} is not a full commit hash (40 hex digits); "
                "a branch or tag can move, so a run with it can't be repeated"
            )
        return Checkpoint(hub=match["hub"], revision=match["revision"])
    for folder in (specs / model, Path(model)):
        if (folder / "config.json").is_file():
            return _watched(Checkpoint(folder=folder.as_posix()), "params.yaml: model", specs)
    hint = untracked(specs / f"{model}.yaml") or untracked(specs / model)
    allowed = f"{', '.join(known)}, org/name@<full commit hash>, or a folder in {specs} with config.json"
    raise InputError(f"params.yaml: model = {model!r}: {hint or f'no such checkpoint; allowed: {allowed}'}")


def _watched(checkpoint: Checkpoint, key: str, specs: Path) -> Checkpoint:
    if checkpoint.folder is not None and not is_watched(Path(checkpoint.folder), specs):
        raise InputError(
            f"{key} = {checkpoint.folder!r} is not in {specs}, the folder that DVC watches; put the checkpoint there"
        )
    if checkpoint.folder is not None and not (Path(checkpoint.folder) / "config.json").is_file():
        raise InputError(f"{key} = {checkpoint.folder!r}: there is no config.json")
    return checkpoint
