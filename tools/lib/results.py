"""Measured results: what a recipe's experiment gave, on which machine, at which commit, in how many seconds."""

import importlib.metadata
import json
import platform
import subprocess
from pathlib import Path
from typing import Any

import dvc.api
from ruamel.yaml import YAML

from stages.lib.machine import machine
from stages.lib.outputs import write_json
from tools.lib.noise import key
from tools.lib.revisions import resolve
from tools.lib.runs import Run

RESULTS = Path("results")
METRICS = ("data", "tokens", "split", "train", "validation", "test", "calibration", "oos")
PACKAGES = ("torch", "transformers", "peft", "datasets", "scikit-learn", "numpy")


def record(name: str, seconds: dict[str, float]) -> Path:
    """Write results/<name>.json from the experiment `name` of this commit, and return its path."""
    metrics = {kind: json.loads(dvc.api.read(f"metrics/{kind}.json", rev=name)) for kind in METRICS}
    result = {
        "recipe": name,
        "commit": subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout[:40],
        "params": YAML(typ="safe", pure=True).load(dvc.api.read("params.yaml", rev=name)),
        "checkpoint": json.loads(dvc.api.read("data/tokenized/checkpoint.json", rev=name)),
        "metrics": metrics,
        "noise_key": key(Run(resolve(name))),
        "seconds": {stage: round(value, 1) for stage, value in seconds.items()},
        "processor": f"{processor()}, {', '.join(machine())}",
        "versions": {"python": platform.python_version()}
        | {package: importlib.metadata.version(package) for package in PACKAGES},
    }
    path = RESULTS / f"{name}.json"
    write_json(path, result)
    return path


def read_result(name: str) -> dict[str, Any] | None:
    """Return what `record` wrote for the recipe, or None if it was not measured."""
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def processor() -> str:
    """Return the processor's name as the system gives it."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
