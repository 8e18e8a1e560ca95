"""Writing a file or a folder whole or not at all: the last step is a rename."""

import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ABANDONED = 24 * 3600  # seconds after which a part is that of a process that was killed


@contextmanager
def replace_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`, whose folder is made; on success it replaces `path`.

    If the block raises, the old file is untouched.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for part in _abandoned(path):
        part.unlink(missing_ok=True)
    part = path.with_name(f".{path.stem}.{uuid.uuid4()}.part{path.suffix}")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def replace_folder(folder: Path) -> Iterator[Path]:
    """Yield an empty folder beside `folder`; on success it replaces `folder`.

    If the block raises, the old folder is untouched.
    """
    for part in _abandoned(folder):
        shutil.rmtree(part, ignore_errors=True)
    name = f".{folder.name}.{uuid.uuid4()}"
    part, old = folder.with_name(f"{name}.part"), folder.with_name(f"{name}.part-old")
    part.mkdir(parents=True)
    try:
        yield part
        if folder.exists():
            folder.rename(old)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def is_abandoned(path: Path) -> bool:
    """Return whether a process that was killed left `path`: it is there, and as it was a day ago."""
    try:
        return time.time() - path.stat().st_mtime > ABANDONED
    except FileNotFoundError:  # its process has just ended
        return False


def _abandoned(path: Path) -> list[Path]:
    return [part for part in path.parent.glob(f".{path.stem}.*.part*") if is_abandoned(part)]
