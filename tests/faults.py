"""The kill campaign, `python -m tests.faults`: whatever is killed, the next `dvc repro` ends with the same bytes.

On a private copy of the project with a tiny model. A point kills one stage, the dvc that runs it, or both by Ctrl-C, at
a random moment of that stage; after a third of a second `dvc repro` has to mend it. Nothing may outlive the kill.
"""

import argparse
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

from tests.conftest import Clone, make_tiny
from tests.processes import processes
from tools.markdown_table import table

VICTIMS = ("stage", "dvc", "ctrl-c")
PAUSE = 0.3  # seconds between the kill and the next dvc repro
OUTLIVES = 0.5  # further seconds after which a process counts as left over
REPRO = ("dvc", "repro", "--no-run-cache")  # the stages run: a cached result would prove nothing


@dataclass(frozen=True)
class Point:
    """A kill: of whom, in which stage, after how many seconds of `dvc repro`, and what came of it."""

    stage: str
    victim: str
    seconds: float
    killed: bool
    mended: str
    changed: list[str]
    left_over: int


def main() -> None:
    """Run the campaign and print its points; the exit code is 1 if one of them left something behind."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--points", type=int, default=30, help="kills (30)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (0)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        points = list(campaign(Path(folder), options.points, options.seed))
    rows = [
        [
            p.stage,
            p.victim,
            f"{p.seconds:.2f}",
            str(p.killed),
            p.mended,
            ", ".join(p.changed) or "none",
            str(p.left_over),
        ]
        for p in points
    ]
    print(
        "\n".join(
            table(["stage", "killed", "after s", "in time", "mended by", "changed files", "processes left"], rows)
        )
    )
    bad = [point for point in points if point.changed or point.left_over]
    killed = sum(point.killed for point in points)
    print(f"{len(points)} points, {killed} of them before the stage had ended, {len(bad)} left something behind")
    sys.exit(1 if bad else 0)


def campaign(folder: Path, points: int, seed: int) -> Iterator[Point]:
    """Yield the points, of every stage in turn."""
    clone = Clone(folder / "project", make_tiny(folder / "checkpoints", "bert"))
    clone.set(
        epochs=3, split={"train_limit": 96, "test_limit": 60}, calibration="temperature", oos={"method": "threshold"}
    )
    clone.run(*REPRO)
    clone.commit("whole")
    before, random_moment = fingerprint(clone), random.Random(seed)
    durations: dict[str, float] = {}
    names = stages(clone)
    for number in range(points):
        stage = names[number % len(names)]
        if stage not in durations:
            start = time.monotonic()
            clone.run(*REPRO, "--force", "--single-item", stage)
            durations[stage] = time.monotonic() - start
        victim, seconds = random_moment.choice(VICTIMS), random_moment.uniform(0.3, durations[stage])
        killed = kill(clone, stage, victim, seconds)
        time.sleep(PAUSE)
        left = left_over(clone)  # before the repair, in whose time a process could end by itself
        mended = mend(clone)
        changed = sorted({path for path, _ in fingerprint(clone).items() ^ before.items()})
        point = Point(stage, victim, seconds, killed, mended, changed, left)
        print(point, file=sys.stderr, flush=True)
        yield point


def kill(clone: Clone, stage: str, victim: str, seconds: float) -> bool:
    """Run `stage` by force and kill after so many seconds; return whether there was anything to kill."""
    command = [*REPRO, "--force", "--single-item", stage]
    with subprocess.Popen(
        command,
        cwd=clone.folder,
        env=clone.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        time.sleep(seconds)
        if victim == "stage":
            return kill_stage(clone, stage)
        running = process.poll() is None
        if running and victim == "ctrl-c":
            os.killpg(process.pid, signal.SIGINT)
        elif running:
            process.kill()
    return running


def kill_stage(clone: Clone, stage: str) -> bool:
    """Kill the processes of `stage`; return whether there are any."""
    found = processes(clone.folder, f"stages.{stage}")
    for number in found:
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
    return bool(found)


def mend(clone: Clone) -> str:
    """Run the pipeline, and return what it took: DVC writes dvc.lock in place, so a kill can leave half of it."""
    done = subprocess.run(REPRO, cwd=clone.folder, env=clone.environment, capture_output=True, text=True)
    if done.returncode == 0:
        return "dvc repro"
    assert "dvc.lock" in done.stderr + done.stdout, done.stderr
    clone.run("git", "restore", "dvc.lock")
    clone.run(*REPRO)
    return "git restore dvc.lock; dvc repro"


def left_over(clone: Clone) -> int:
    """Return how many processes still run in the copy after a while."""
    until = time.monotonic() + OUTLIVES
    while (left := len(processes(clone.folder))) and time.monotonic() < until:
        time.sleep(0.05)
    return left


def stages(clone: Clone) -> list[str]:
    """Return the names of the stages, in the order of dvc.yaml."""
    names: dict[str, object] = YAML(typ="safe", pure=True).load(clone.folder / "dvc.yaml")["stages"]
    return list(names)


def out_files(clone: Clone) -> list[Path]:
    """Return every file that a stage has written, as dvc.lock lists them."""
    stages = YAML(typ="safe", pure=True).load(clone.folder / "dvc.lock")["stages"].values()
    outs = [clone.folder / out["path"] for stage in stages for out in stage.get("outs", [])]
    return [path for out in outs for path in (out, *out.rglob("*")) if path.is_file()]


def fingerprint(clone: Clone) -> dict[str, str]:
    """Return the sha256 of dvc.lock's content and of every file that a stage writes, and what git sees as changed.

    A dvc.lock that was cut off comes back with its stages in another order, so it is compared by content.
    """
    lock = YAML(typ="safe", pure=True).load(clone.folder / "dvc.lock")
    found = {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in out_files(clone)}
    content = hashlib.sha256(json.dumps(lock, sort_keys=True).encode()).hexdigest()
    return found | {"dvc.lock": content, "git": clone.run("git", "status", "--porcelain", "--", ".", ":!dvc.lock")}


if __name__ == "__main__":
    main()
