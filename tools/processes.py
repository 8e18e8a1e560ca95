"""Commands that are run for what they print, and those that end with the tool."""

import signal
import subprocess
from pathlib import Path
from typing import Any

from textclf.errors import InputError
from textclf.process import end_with_parent


def output(*command: str, cwd: Path = Path()) -> str:
    """Return what a command printed; `InputError` with its complaint if it fails."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        raise InputError(f"{' '.join(command[:2])} failed: {done.stderr.strip() or f'exit code {done.returncode}'}")
    return done.stdout.strip()


def start_command(arguments: list[str], **options: Any) -> "subprocess.Popen[str]":
    """Start a command that gets a SIGTERM when this process is killed, so that no training is left (Linux only).

    A dvc that ends takes its stage with it.
    """
    return subprocess.Popen(arguments, text=True, preexec_fn=lambda: end_with_parent(signal.SIGTERM), **options)
