"""What a node does for one experiment: a checkout of its own, `dvc exp run` in it, and its outputs to the remote."""

import os
import re
import shutil
import socket
import subprocess
import sys
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from textclf.atomic import is_abandoned
from textclf.errors import InputError
from tools.cluster.source import NO_REMOTE, Source, bundled
from tools.processes import output, set_options, start_command

NODE_FOLDER = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "textclf"
Say = Callable[[str], None]
# Of two runs that write the same entry of DVC's run cache at once, one can remove the other's half-written file.
RACE = re.compile(r"No such file or directory: '[^']*/runs/[^']*\.tmp'")


@dataclass(frozen=True)
class Experiment:
    """A name that no other experiment has, and values as `dvc exp run -S` takes them."""

    name: str
    values: list[str]


@dataclass(frozen=True)
class Outcome:
    """An experiment's git ref and commit as a bundle, or why there is none; `pushed`: its outputs are in the remote."""

    ref: str = ""
    bundle: bytes = b""
    pushed: bool = False
    failure: str = ""


def run_experiment(source: Source, experiment: Experiment, say: Say) -> Outcome:
    """Run `experiment` in a fresh checkout, which is removed afterwards; `say` gets each line of its log.

    A node that sees the driver's files uses its caches. Any other one has caches in its own home folder, and takes and
    gives outputs through the DVC remote.
    """
    home = source.caches if source.is_here else NODE_FOLDER
    place = home / "experiments" / f"{experiment.name}-{uuid.uuid4().hex[:8]}"
    say(f"on {socket.gethostname()}, process {os.getpid()}")
    try:
        if not source.is_here and not source.remote:
            raise InputError(f"the node {socket.gethostname()} {NO_REMOTE}")
        check_out(source, place, home)
        pull = [] if source.is_here else ["--pull"]
        _reproduce(
            ["dvc", "exp", "run", "--name", experiment.name, *pull, *set_options(experiment.values)], source, place, say
        )
        if not source.is_here:
            _call(["dvc", "push", "--run-cache"], source, place, say)
        ref = output("git", "for-each-ref", "--format=%(refname)", f"refs/exps/*/*/{experiment.name}", cwd=place)
        if not ref:
            raise InputError("dvc exp run left no experiment")
        commit = output("git", "rev-parse", ref, cwd=place)
        return Outcome(ref, bundled(place, {"experiment": commit}, source.baseline), pushed=not source.is_here)
    except (InputError, OSError) as error:
        return Outcome(failure=str(error))
    finally:
        shutil.rmtree(place, ignore_errors=True)


def check_out(source: Source, place: Path, home: Path) -> None:
    """Make the checkout `place`: the baseline, the workspace's changes as `dvc exp run` has them, the caches."""
    _remove_abandoned(place.parent)
    output("git", "init", "--quiet", str(_made(place)))
    bundle = place / ".git" / "commits.bundle"
    bundle.write_bytes(source.bundle)
    output("git", "fetch", "--quiet", str(bundle), "refs/*:refs/*", cwd=place)
    output("git", "checkout", "--quiet", "--detach", source.baseline, cwd=place)
    if source.state != source.baseline:
        output("git", "read-tree", "--reset", "-u", source.state, cwd=place)
    for key, value in zip(("user.name", "user.email"), source.identity, strict=True):
        output("git", "config", key, value, cwd=place)
    cache = source.cache if source.is_here else _made(home / "dvc")
    output("dvc", "config", "--local", "cache.dir", str(cache), cwd=place)
    exclude = place / ".git" / "info" / "exclude"
    exclude.parent.mkdir(exist_ok=True)
    exclude.write_text("/.cache\n", encoding="utf-8")  # a link, which .gitignore's `.cache/` doesn't mean
    (place / ".cache").symlink_to(_made(home if source.is_here else home / "project"), target_is_directory=True)


def _remove_abandoned(folder: Path) -> None:
    """Remove checkouts that a killed process left a day ago or more."""
    for place in folder.glob("*"):
        if is_abandoned(place):
            shutil.rmtree(place, ignore_errors=True)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _reproduce(command: list[str], source: Source, place: Path, say: Say) -> None:
    """Run `command`, and once more if a neighbor's run broke it; what has run by then is cached."""
    try:
        _call(command, source, place, say)
    except InputError as error:
        if not RACE.search(str(error)):
            raise
        _call(command, source, place, say)


def _call(command: list[str], source: Source, place: Path, say: Say) -> None:
    """Run `command` in `place`, each line of its output to `say`; `InputError` with the last line if it fails."""
    mirrors = source.mirrors if source.is_here else {}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RAY_", "DVC_", "GIT_"))}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"  # DVC runs the first python there
    environment = kept | mirrors | {"PATH": path, "PYTHONUNBUFFERED": "1"}
    pipe, both = subprocess.PIPE, subprocess.STDOUT
    said = ""
    # A command that outlives its node would write into a retry's outputs.
    with start_command(command, cwd=place, env=environment, stdout=pipe, stderr=both, errors="replace") as process:
        for line in process.stdout or ():
            if line.strip():
                said = line.rstrip()
                say(said)
    if process.returncode:
        raise InputError(f"{' '.join(command[:3])} failed: {said or f'exit code {process.returncode}'}")
