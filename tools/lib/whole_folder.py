"""Writing a folder whole or not at all: the last step is a rename."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole(folder: Path) -> Iterator[Path]:
    """Give an empty folder to write into, which takes `folder`'s place at the end, unless something is raised.

    Until then, and after a failure, what was in `folder` stays as it is.
    """
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)  # of a run that was killed
    part.mkdir(parents=True)
    try:
        yield part
    except BaseException:
        shutil.rmtree(part)
        raise
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)
