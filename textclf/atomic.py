"""Writing a file or a folder whole or not at all: the last step is a rename."""

import os
import shutil
import time
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
    part = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
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
    part, old = (folder.with_name(f".{folder.name}.{os.getpid()}.{kind}") for kind in ("part", "part-old"))
    part.mkdir(parents=True)
    try:
        yield part
        if folder.exists():
            folder.rename(old)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def _abandoned(path: Path) -> list[Path]:
    parts = path.parent.glob(f".{path.stem}.*.part*")
    return [part for part in parts if time.time() - part.stat().st_mtime > ABANDONED]
