"""Seed noise: how much the scores of one configuration vary with nothing but the seed."""

import hashlib
import json
import re
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from textclf.errors import InputError
from textclf.outputs import write_json
from textclf.revisions import WORKSPACE, check_queue
from tools.runs.run import PREDICTIONS, Run, open_run
from tools.runs.stale import stale

FOLDER = Path("results/seeds")
DATA = ("data/raw", "data/splits", "data/tokenized")  # the outputs before training; the last one names the checkpoint
# The bytes of the data, the method itself and the resolved precision stand for the others.
LEFT_OUT = ("dataset", "method", "model", "precision", "seed")


@dataclass(frozen=True)
class Spread:
    """The test scores of several seeds, a list for each score, in the order of the seeds.

    `predictions` holds the md5 of each seed's test predictions, `processor` the kind of machine that made them.
    """

    seeds: list[int]
    scores: dict[str, list[float]]
    processor: str
    predictions: list[str]

    def deviation(self, metric: str) -> float:
        """Return the standard deviation over seeds (n - 1 in the denominator)."""
        return float(np.std(self.scores[metric], ddof=1))

    def agrees(self, run: Run) -> bool:
        """Return whether `run`, if it has a recorded seed and processor, predicts what was recorded."""
        seed = run.params["seed"]
        if seed not in self.seeds or self.processor != run.machine.get("processor"):
            return True
        return self.predictions[self.seeds.index(seed)] == run.revision.md5(PREDICTIONS)


def config_hash(run: Run) -> str | None:
    """Return a name for everything that determines a run's scores except seed and code; None for an older run.

    That is the parameters that its stages read, the data and the checkpoint by their bytes, and the precision that
    `precision: auto` came to. Parameters that are off (null, none, empty) are left out, so that a new one changes
    nothing as long as it is off.
    """
    precision = run.machine.get("precision")
    outs = {entry["path"]: entry["md5"] for stage in run.lock.values() for entry in stage.get("outs", [])}
    data = {path: md5 for path, md5 in outs.items() if path.startswith(DATA)}
    if precision is None or not all(any(path.startswith(part) for path in data) for part in DATA):
        return None
    params: dict[str, Any] = {}
    for stage in ("train", "predict", "calibrate", "oos", "evaluate"):
        params |= run.lock.get(stage, {}).get("params", {}).get("params.yaml", {})
    if params.get("oos", {}).get("method") == "none":
        del params["oos"]
    params = {key: value for key, value in params.items() if key not in LEFT_OUT}
    config = [_switched_on(params), run.params["method"], data, precision]
    return hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()[:16]


def _switched_on(values: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters that are on, also in sections.

    >>> _switched_on({"lr": 0.1, "calibration": "none", "split": {"seed": 42, "train_limit": None}, "head": {}})
    {'lr': 0.1, 'split': {'seed': 42}}
    """
    nested = {key: _switched_on(value) if isinstance(value, dict) else value for key, value in values.items()}
    return {key: value for key, value in nested.items() if value not in (None, "none", [], {})}


def read_spread(run: Run) -> Spread | None:
    """Return the recorded spread of the run's configuration; None if there is none or the run contradicts it."""
    name = config_hash(run)
    spread = name and spread_of(name)
    return spread if spread and spread.agrees(run) else None


def spread_of(name: str) -> Spread | None:
    """Return the spread that is recorded under a `config_hash`, if any."""
    file = FOLDER / f"{name}.json"
    return Spread(**json.loads(file.read_text(encoding="utf-8"))["spread"]) if file.is_file() else None


def record_seeds(run: Run, further: int) -> Path:
    """Run the workspace under `further` more seeds as queued experiments, and return the file of the spread."""
    if run.revision.name != WORKSPACE:
        raise InputError("--seeds runs the workspace's configuration; apply the run that you mean with dvc exp apply")
    check_queue()
    name = config_hash(run)
    if reason := stale(run):
        raise InputError(f"{reason}; run dvc repro first: the workspace's scores are the first seed's")
    if name is None:
        raise InputError("metrics/train.json names no precision; run dvc repro first")
    first = int(run.params["seed"])
    experiments = {seed: f"seed-{name[:8]}-{seed}" for seed in range(first + 1, first + 1 + further)}
    known = _dvc("exp", "list", "--name-only").split() + _dvc("queue", "status").split()
    for seed, experiment in experiments.items():
        if experiment not in known:  # else it is left from an interrupted call
            _dvc("exp", "run", "--queue", "--name", experiment, "-S", f"seed={seed}")
    _run_queue(list(experiments.values()))
    runs = {first: run} | {seed: open_run(experiment) for seed, experiment in experiments.items()}
    path = FOLDER / f"{name}.json"
    write_json(path, {"params": run.params, "spread": asdict(_spread(runs))})
    return path


def _spread(runs: dict[int, Run]) -> Spread:
    one = next(iter(runs.values()))
    scores = {name: [run.scores[name] for run in runs.values()] for name in one.scores if name != "rows"}
    scores |= {name: [run.oos_scores[name] for run in runs.values()] for name in one.oos_scores}
    predictions = [str(run.revision.md5(PREDICTIONS)) for run in runs.values()]
    return Spread(list(runs), scores, one.machine["processor"], predictions)


def _run_queue(names: list[str]) -> None:
    """Wait until the queue has run, and start it where no worker does; `InputError` for an experiment that failed."""
    while waiting := len(re.findall("Queued|Running", status := _dvc("queue", "status"))):
        if "Worker status: 0 active" in status:  # at first, and if the worker has ended before the queue
            _dvc("queue", "start")
        print(f"{waiting} seeds to go", flush=True)
        time.sleep(10)  # asking takes a second of a processor that the experiments need
    for name in names:
        if re.search(rf"\b{name}\b.*Failed", status):
            raise InputError(f"the experiment {name} failed; dvc queue logs {name} says why")


def _dvc(*arguments: str) -> str:
    done = subprocess.run(["dvc", *arguments], capture_output=True, text=True)
    if done.returncode:
        raise InputError(f"dvc {' '.join(arguments[:2])} failed: {done.stderr.strip()}")
    return done.stdout
