"""How a stage starts and ends as a process."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

from textclf.errors import InputError

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
