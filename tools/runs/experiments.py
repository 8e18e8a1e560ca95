"""Experiments of a commit that are run one by one, in a checkout of their own."""

import os
import sys
from pathlib import Path

from textclf.errors import InputError
from tools.processes import set_options, start_command
from tools.runs.run import Run, open_run


def ensure_experiment(place: Path, name: str, values: list[str]) -> Run:
    """Return the experiment `name`; it is run in the checkout `place` unless an interrupted call has run it.

    `values` are those that differ from params.yaml, as `dvc exp run -S` takes them.
    """
    try:
        return open_run(name)
    except InputError:
        command = ["dvc", "exp", "run", "--temp", "--name", name, *set_options(values)]
        # The review's Markdown is on standard output.
        with start_command(command, cwd=place, env=os.environ | mirrors(), stdout=sys.stderr) as process:
            code = process.wait()
        if code:
            raise InputError(f"the experiment {name} failed (exit code {code}); see above") from None
        return open_run(name)


def is_here(name: str) -> bool:
    """Return whether the experiment `name` has been run."""
    try:
        open_run(name)
    except InputError:
        return False
    return True


def mirrors() -> dict[str, str]:
    """Return the mirrors' variables for another working folder: a relative path becomes absolute, an address stays."""
    mirrors = {name: os.environ.get(name, "") for name in ("DATA_MIRROR", "MODEL_MIRROR")}
    return {name: place if "://" in place else str(Path(place).resolve()) for name, place in mirrors.items() if place}
