"""Measured results: a recipe's scores, and on which machine, at which commit, in how many seconds."""

import importlib.metadata
import json
import platform
from pathlib import Path
from typing import Any

from textclf.encoders.machine import machine, processor_name
from textclf.outputs import write_json
from tools.processes import output
from tools.runs.records import read_record
from tools.runs.run import open_run

RESULTS = Path("results")
METRICS = ("data", "tokens", "split", "train", "validation", "test", "calibration", "oos")
PACKAGES = ("torch", "transformers", "peft", "datasets", "scikit-learn", "numpy")


def record(name: str, seconds: dict[str, float]) -> Path:
    """Write results/<name>.json from the experiment `name`, and return its path."""
    run = open_run(name)
    metrics = {kind: run.revision.json(f"metrics/{kind}.json") for kind in METRICS}
    path = RESULTS / f"{name}.json"
    result = {
        "recipe": name,
        "commit": output("git", "rev-parse", f"{run.revision.sha}^"),  # HEAD may have moved since it started
        "params": run.params,
        "checkpoint": run.revision.json("data/tokenized/checkpoint.json"),
        "metrics": metrics,
        "seeds": seeds.folder.name if (seeds := read_record(run)) else None,  # in results/seeds
        "seconds": {stage: round(value, 1) for stage, value in seconds.items()},
        **environment(run.params["device"]),
    }
    if known := read_result(name):  # after an interruption; DVC's cache gives a stage's outputs, not its time
        same = all(known.get(key) == result[key] for key in ("commit", "params", "processor"))
        result["seconds"] = (known["seconds"] if same else {}) | result["seconds"]
    write_json(path, result)
    return path


def environment(device: str) -> dict[str, Any]:
    """Return the processor, with the GPUs if `device` takes one, and the versions of the packages that matter."""
    versions = {package: importlib.metadata.version(package) for package in PACKAGES}
    return {
        "processor": f"{processor_name()}, {', '.join(machine(device))}",
        "versions": {"python": platform.python_version()} | versions,
    }


def read_result(name: str) -> dict[str, Any] | None:
    """Return what `record` wrote for the recipe, or None if it was not measured."""
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
