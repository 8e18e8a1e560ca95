"""The checkpoint that `model` in params.yaml names: a spec in models/checkpoints, a commit on the Hub, or a folder."""

import re
from pathlib import Path

from textclf.cache import main_checkout
from textclf.encoders.checkpoints import Checkpoint
from textclf.errors import InputError
from textclf.specs import read_spec

PINNED = re.compile(r"(?P<hub>[\w.-]+/[\w.-]+)@(?P<revision>.+)")


def read_checkpoint(model: str, specs: Path) -> Checkpoint:
    """Return the checkpoint that `model` names: a spec, `org/name@<commit>`, or a local folder. Reads no weights."""
    if (spec := specs / f"{model}.yaml").is_file():
        return read_spec(spec, Checkpoint)
    if match := PINNED.fullmatch(model):
        if not re.fullmatch(r"[0-9a-f]{40}", match["revision"]):
            raise InputError(
                f"params.yaml: model = {model!r}: {match['revision']!r} is not a full commit hash (40 hex digits); "
                "a branch or tag can move, so a run with it can't be repeated"
            )
        return Checkpoint(hub=match["hub"], revision=match["revision"])
    if (main_checkout() / model / "config.json").is_file():
        return Checkpoint(folder=model)
    known = ", ".join(sorted(file.stem for file in specs.glob("*.yaml")))
    raise InputError(
        f"params.yaml: model = {model!r}: no such checkpoint; allowed: {known}, org/name@<full commit hash>, "
        "or a local folder with config.json"
    )
