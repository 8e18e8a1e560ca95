"""Experiments on a Ray cluster, a task each: run on whichever node has room, handed back as git refs."""

import shlex
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from textclf.cache import cache_folder
from textclf.cluster import check_room, connected, on_every_node
from textclf.errors import InputError
from tools.cluster.board import Board, Row
from tools.cluster.node import Experiment, Outcome, run_experiment
from tools.cluster.source import NO_REMOTE, Source, packed
from tools.processes import output

RETRIES = 3  # of an experiment whose process or node dies; one that fails is not tried again
POLL = 0.5  # seconds


@dataclass(frozen=True)
class Resources:
    """The cluster's address, and what each experiment holds of a node."""

    address: str
    cpus: float = 1
    gpus: float = 0


class Logs:
    """Lines that running experiments wrote, until the driver takes them; an actor."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def add(self, name: str, line: str) -> None:
        """Add a line of the experiment `name`."""
        self.lines.append((name, line))

    def take(self) -> list[tuple[str, str]]:
        """Return the lines since the last call."""
        lines, self.lines = self.lines, []
        return lines


def run_experiments(
    commits: tuple[str, str],
    experiments: list[Experiment],
    resources: Resources,
    mirrors: dict[str, str],
    done: Callable[[str], object] = lambda name: None,
) -> dict[str, str]:
    """Run the experiments of a baseline and its state, and bring their refs here; return why each failed one did.

    `done` is called with the name of each one that is here.
    """
    if not experiments:
        return {}
    logs = cache_folder("sweeps")
    logs.mkdir(parents=True, exist_ok=True)
    rows = {one.name: Row(one.name, shlex.join(one.values), logs / f"{one.name}.log") for one in experiments}
    board, failures = Board(rows), {}
    with packed(*commits, mirrors) as source, connected(resources.address) as ray:
        check_room(ray.nodes(), resources.cpus, resources.gpus)
        if not source.remote:
            check_nodes(ray, source)
        for name, outcome in _outcomes(ray, source, experiments, resources, board):
            if reason := outcome.failure or take(outcome):
                failures[name] = reason
            board.set_state(name, "failed" if reason else "done", reason)
            board.draw()
            if not reason:
                done(name)
    return failures


def _outcomes(
    ray: Any, source: Source, experiments: list[Experiment], resources: Resources, board: Board
) -> Iterator[tuple[str, Outcome]]:
    """Yield each experiment's name with its outcome as it ends; when the caller leaves, the others are cancelled."""
    given = ray.put(source)
    logs = ray.remote(num_cpus=0)(Logs).options(scheduling_strategy=_here(ray)).remote()
    task = ray.remote(num_cpus=resources.cpus, num_gpus=resources.gpus, max_retries=RETRIES)(_task)
    running = {task.options(name=one.name).remote(given, one, logs): one.name for one in experiments}
    try:
        while running:
            ended, _ = ray.wait(list(running), timeout=POLL)
            source.keep()
            for name, line in _lines(ray, logs):
                board.add_line(name, line)
            board.draw()
            for ref in ended:
                yield running.pop(ref), _outcome(ray, ref)
    finally:
        for ref in running:
            ray.cancel(ref, force=True)


def _lines(ray: Any, logs: Any) -> list[tuple[str, str]]:
    try:
        lines: list[tuple[str, str]] = ray.get(logs.take.remote())
    except ray.exceptions.RayActorError:  # out of reach for a moment, as when a node dies: they come with the next ones
        return []
    return lines


def _task(source: Source, experiment: Experiment, logs: Any) -> Outcome:
    return run_experiment(source, experiment, lambda line: logs.add.remote(experiment.name, line))


def _outcome(ray: Any, ref: Any) -> Outcome:
    try:
        outcome: Outcome = ray.get(ref)
    except ray.exceptions.RayTaskError as error:  # such as a node without our packages
        return Outcome(failure=" ".join(str(error.cause).split())[:300])
    except ray.exceptions.RayError as error:  # its process or node died again and again
        return Outcome(failure=f"{type(error).__name__}, {1 + RETRIES} times: {' '.join(str(error).split())[:300]}")
    return outcome


def _here(ray: Any) -> Any:
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    return NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=True)


def check_nodes(ray: Any, source: Source) -> None:
    """Raise `InputError` for a node that doesn't see this checkout; there is no remote to go through."""
    seen = on_every_node(ray, _look, replace(source, bundle=b""))  # which weighs megabytes
    if blind := [host for host, sees in seen if not sees]:
        raise InputError(f"the node {blind[0]} {NO_REMOTE}")


def _look(source: Source) -> tuple[str, bool]:
    return socket.gethostname(), source.is_here


def take(outcome: Outcome) -> str:
    """Bring an experiment's commit and outputs here, as `dvc exp run` would have left them; return what went wrong."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "experiment.bundle"
        file.write_bytes(outcome.bundle)
        heads = output("git", "bundle", "list-heads", str(file)).split()
        done = subprocess.run(
            ["git", "fetch", "--quiet", "--no-tags", str(file), f"{heads[1]}:{outcome.ref}"],
            capture_output=True,
            text=True,
        )
    if done.returncode:
        return done.stderr.strip()
    return fetch_outputs(outcome.ref) if outcome.pushed else ""


def fetch_outputs(ref: str) -> str:
    """Fetch an experiment's outputs from the DVC remote; return what went wrong."""
    from dvc.repo import Repo

    try:
        with Repo() as repo:
            repo.fetch(revs=[ref], workspace=False)
    except Exception as error:  # of many kinds: the remote's, botocore's
        reason = " ".join(str(error).split())[:300]
        return f"it is here, and its outputs are in the remote, but can't be fetched: {type(error).__name__}: {reason}"
    return ""
