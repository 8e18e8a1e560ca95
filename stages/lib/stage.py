"""How a stage begins and ends as a process."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from stages.lib.errors import InputError

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def run(main: Callable[[], None]) -> None:
    """Run a stage's `main`; a user's mistake becomes one sentence and exit code 1, without a traceback."""
    die_with_parent()
    try:
        main()
    except InputError as error:
        sys.exit(f"error: {error}")


def die_with_parent() -> None:
    """Ask the kernel to end this process when its parent ends (Linux only; elsewhere nothing happens).

    A stage that outlives a killed `dvc repro` would write into the outputs of the next one.
    """
    if sys.platform != "linux":
        return
    parent = os.getppid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before the kernel was asked
        sys.exit("error: the process that started this stage has ended")


def main_checkout() -> Path:
    """Return the root of the main checkout, in a queued experiment's copy too.

    DVC sets DVC_ROOT for every stage; what is ignored by git (downloads, checkpoints to resume from, a mirror beside
    the repository) is found from there.
    """
    return Path(os.environ.get("DVC_ROOT", "."))


def vectors_folder() -> Path:
    """Return the ignored folder in which what a frozen body says of rows is kept between runs."""
    return main_checkout() / ".cache" / "vectors"
