"""Commands that are run for what they print, and those that end with the tool."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from textclf.errors import InputError

# A process of its own asks the kernel, as what a fork does in a process with threads is not safe.
ATTACHED = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
os.execvp(sys.argv[1], sys.argv[1:])
"""


def output(*command: str, cwd: Path = Path()) -> str:
    """Return what a command printed; `InputError` with its complaint if it fails."""
    check_there(command[0])
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        raise InputError(f"{' '.join(command[:2])} failed: {done.stderr.strip() or f'exit code {done.returncode}'}")
    return done.stdout.strip()


def check_there(command: str, path: str | None = None) -> None:
    """Raise `InputError` for a command that is not on the PATH, or not on `path`."""
    if shutil.which(command, path=path) is None:
        hint = "source .venv/bin/activate" if command == "dvc" else "install it"
        raise InputError(f"{command} is not on the PATH; {hint} first")


def set_options(values: Iterable[str]) -> list[str]:
    """Return assignments as options of `dvc exp run`.

    >>> set_options(["lr=0.1", "seed=1"])
    ['-S', 'lr=0.1', '-S', 'seed=1']
    """
    return [part for value in values for part in ("-S", value)]


@contextmanager
def start_command(arguments: list[str], **options: Any) -> Iterator["subprocess.Popen[str]"]:
    """Start a command that ends when this process is killed (on Linux), so that no training is left; wait for its end.

    A dvc that ends takes its stage with it. After Ctrl-C, which the command gets too, it has the time to clean up.
    """
    check_there(arguments[0], (options.get("env") or os.environ).get("PATH"))
    attached = [sys.executable, "-c", ATTACHED, *arguments] if sys.platform == "linux" else arguments
    with subprocess.Popen(attached, text=True, **options) as process:
        try:
            yield process
        except KeyboardInterrupt:
            process.wait()
            raise
