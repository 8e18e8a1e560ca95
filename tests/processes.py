"""Processes that tests wait for."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any


def until(true: Callable[[], Any], seconds: float = 600) -> Any:
    """Wait until something is true, and return it."""
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)
    return found


def processes(folder: Path, words: str = "") -> list[int]:
    """Return the numbers of the processes that run in `folder`, or below it, with `words` in their command."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if words in command and (entry / "cwd").resolve().is_relative_to(folder.resolve()):
                found.append(int(entry.name))
    return found
