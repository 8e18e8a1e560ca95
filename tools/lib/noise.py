"""Seed noise: how much the scores of one configuration vary with nothing but the seed."""

import hashlib
import json
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stages.lib.errors import InputError
from stages.lib.outputs import write_json
from tools.lib.guard import stale
from tools.lib.revisions import WORKSPACE, resolve
from tools.lib.runs import Run

FOLDER = Path("results/seed-noise")
SEEDED = ("models/classifier", "models/calibration.json", "data/predicted")  # what the seed changes


@dataclass(frozen=True)
class Spread:
    """The test scores of several seeds, a list for each metric, in the order of the seeds."""

    seeds: list[int]
    scores: dict[str, list[float]]

    def deviation(self, metric: str) -> float:
        """Return the standard deviation over seeds (n - 1 in the denominator)."""
        return float(np.std(self.scores[metric], ddof=1))


def key(run: Run) -> str:
    """Return a name for all that determines a run's scores but its seed: parameters, data, code, environment."""
    parts = []
    for stage in ("train", "predict", "calibrate", "scope", "evaluate"):
        locked = run.lock.get(stage, {"deps": []})  # a run may be older than a stage
        params = {
            name: value for name, value in locked.get("params", {}).get("params.yaml", {}).items() if name != "seed"
        }
        deps = {entry["path"]: entry["md5"] for entry in locked["deps"] if not entry["path"].startswith(SEEDED)}
        parts.append([params, deps])
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def read_spread(run: Run) -> Spread | None:
    """Return the spread that was measured for the run's configuration, if any."""
    return spread_of(key(run))


def spread_of(name: str) -> Spread | None:
    """Return the spread that is kept under what `key` returned, if any."""
    file = FOLDER / f"{name}.json"
    return Spread(**json.loads(file.read_text())["spread"]) if file.is_file() else None


def measure(run: Run, further: int) -> Path:
    """Run the workspace under `further` seeds as queued experiments, and return the file of the spread."""
    if run.revision.name != WORKSPACE:
        raise InputError("--seeds runs the workspace's configuration; dvc exp apply the one that is meant")
    if reason := stale(run):
        raise InputError(f"{reason}; dvc repro first: the workspace's scores are the first seed's")
    first = int(run.params["seed"])
    names = {seed: f"seed-{key(run)[:8]}-{seed}" for seed in range(first + 1, first + 1 + further)}
    for seed, name in names.items():
        _dvc("exp", "run", "--queue", "--name", name, "-S", f"seed={seed}")
    _dvc("queue", "start")
    _wait()
    runs = {first: run} | {seed: Run(resolve(name)) for seed, name in names.items()}
    scores = {name: [one.scores[name] for one in runs.values()] for name in run.scores if name != "rows"}
    scores |= {name: [one.oos_scores[name] for one in runs.values()] for name in run.oos_scores}
    path = FOLDER / f"{key(run)}.json"
    write_json(path, {"params": run.params, "spread": {"seeds": list(runs), "scores": scores}})
    return path


def _wait() -> None:
    while waiting := len(re.findall("Queued|Running", _dvc("queue", "status"))):
        print(f"{waiting} seeds to go", flush=True)
        time.sleep(10)  # asking takes a second of a processor that the experiments need


def _dvc(*arguments: str) -> str:
    done = subprocess.run(["dvc", *arguments], capture_output=True, text=True)
    if done.returncode:
        raise InputError(f"dvc {' '.join(arguments[:2])} failed: {done.stderr.strip()}")
    return done.stdout
