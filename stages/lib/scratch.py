"""The ignored folder in which an interrupted run finds its last epoch."""

import hashlib
import json
import shutil
from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel

from stages.lib.machine import machine
from stages.lib.stage import main_checkout

COMPLETE = "complete"  # written last: a checkpoint without it was cut off


def scratch_folder(params: BaseModel, files: Iterable[Path]) -> Path:
    """Return the folder of this very run: its name is a hash of all that determines the run's bytes.

    That is the parameters, the bytes of `files` (inputs, code, pinned requirements) and the kind of machine.
    """
    digest = hashlib.sha256(json.dumps([params.model_dump(), machine()], sort_keys=True).encode())
    for file in sorted(files):
        digest.update(str(file).encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return main_checkout() / ".cache" / "runs" / digest.hexdigest()[:16]


def last_checkpoint(scratch: Path) -> Path | None:
    """Return the newest whole checkpoint in `scratch`, if any; those that were cut off are removed."""
    found = sorted(scratch.glob("checkpoint-*"), key=lambda folder: int(folder.name.split("-")[1]))
    for broken in (folder for folder in found if not (folder / COMPLETE).is_file()):
        shutil.rmtree(broken)
    return next((folder for folder in reversed(found) if folder.is_dir()), None)
