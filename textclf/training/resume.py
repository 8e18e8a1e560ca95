"""The git-ignored folder from which an interrupted run resumes."""

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import BaseModel

from textclf.cache import cache_folder
from textclf.encoders.machine import machine
from textclf.errors import InputError

WAIT = 5  # seconds, for a process that is just ending
COMPLETE = "complete"  # written last; a checkpoint without it was cut off


def resume_folder(params: BaseModel, files: Iterable[Path], threads: int) -> Path:
    """Return the folder of exactly this run: its name is a hash of everything that determines the run's bytes.

    These are the parameters, the bytes of `files` (inputs, code, pinned packages), the kind of machine, and how many
    `threads` each training process has.
    """
    digest = hashlib.sha256(json.dumps([params.model_dump(), machine(), threads], sort_keys=True).encode())
    for file in sorted(files):
        digest.update(str(file).encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return cache_folder("runs") / digest.hexdigest()[:16]


@contextmanager
def locked(resume_dir: Path) -> Iterator[None]:
    """Hold `resume_dir` for this process alone; `InputError` if another one is training the same run.

    The system releases the lock when its process ends, however it ends.
    """
    resume_dir.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(resume_dir.with_suffix(".lock"))
    try:
        lock.acquire(timeout=WAIT)
    except Timeout:
        raise InputError(
            f"another process is already training this run (lock: {lock.lock_file}); wait for it or stop it"
        ) from None
    try:
        yield
    finally:
        lock.release()


def last_checkpoint(resume_dir: Path) -> Path | None:
    """Return the newest complete checkpoint in `resume_dir`, if any; remove those that were cut off."""
    checkpoints = sorted(resume_dir.glob("checkpoint-*"), key=lambda folder: int(folder.name.split("-")[1]))
    for broken in (folder for folder in checkpoints if not (folder / COMPLETE).is_file()):
        shutil.rmtree(broken)
    return next((folder for folder in reversed(checkpoints) if folder.is_dir()), None)
