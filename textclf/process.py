"""How a stage starts and ends as a process."""

import ctypes
import errno
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from textclf.errors import InputError

PR_SET_PDEATHSIG = 1  # linux/prctl.h
TIMES = Path(".cache/times")  # ignored by git and DVC
FULL_DISK = os.strerror(errno.ENOSPC)
STARTED = time.monotonic()  # `stages/__init__.py` imports this module first


def run(main: Callable[[], None]) -> None:
    """Run a stage's `main`: a user's mistake ends it with one sentence and exit code 1, Ctrl-C with exit code 130."""
    try:
        main()
        note_time()
    except (InputError, OSError) as error:  # OSError: such as a full disk
        sys.exit(f"error: {error}")
    except Exception as error:
        if FULL_DISK not in str(error):  # safetensors reports a full disk by an error of its own
            raise
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; run dvc repro to resume\n")
        sys.exit(130)


def note_time() -> None:
    """Write the seconds since this stage began, imports included, for `tools.stage_times`; only under DVC."""
    if "DVC_STAGE" in os.environ:
        TIMES.mkdir(parents=True, exist_ok=True)
        (TIMES / f"{Path(sys.argv[0]).stem}.txt").write_text(f"{time.monotonic() - STARTED:.1f}\n", encoding="utf-8")


def die_with_parent() -> None:
    """Ask the kernel to end this process when its parent ends (Linux only; elsewhere nothing happens).

    A stage that outlives a killed `dvc repro` would write into the outputs of the next one. `stages/__init__.py` calls
    this before a stage imports anything, as imports take seconds in which dvc can be killed.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if _is_orphan():  # dvc ended before the kernel was asked
        sys.exit("error: the dvc process that started this stage has exited")


def _is_orphan() -> bool:
    """Return whether the parent is the system's first process, or one like it, which adopts orphans.

    In a container the first process can be dvc itself, or a Python program that uses it.
    """
    parent = os.getppid()
    try:
        command = Path(f"/proc/{parent}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:  # it has just ended
        return True
    name = Path(command[0]).name
    runs_dvc = name.startswith("python") or any(Path(word).name.startswith("dvc") for word in command)
    return name == "systemd" or (parent == 1 and not runs_dvc)
