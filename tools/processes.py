"""Commands that are run for what they print."""

import subprocess
from pathlib import Path

from textclf.errors import InputError


def output(*command: str, cwd: Path = Path()) -> str:
    """Return what a command printed; `InputError` with its complaint if it fails."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        raise InputError(f"{' '.join(command[:2])} failed: {done.stderr.strip() or f'exit code {done.returncode}'}")
    return done.stdout.strip()
