"""Benchmark of training: two plain ways to use transformers' Trainer, and the stage train; `make bench-train`.

All train on the same rows from the same checkpoint, each in a process of its own, in turns. The figures are kept in
results/speed/. The data come from DVC's cache or are made anew, in a checkout of the commit beside this one.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools import command
from tools.bench.arms import OURS, WAYS
from tools.processes import start_command

if TYPE_CHECKING:
    from tools.bench.clock import Steps

WARMUP = 5  # steps that are not timed
PARAMS, METRICS = Path("params.yaml"), Path("metrics/train.json")
METHODS = ("full", "distil", "head", "lora")  # those that train in steps
KEPT = {"checkpoints", "downloads"}  # of the cache, between two trainings: all the rest belongs to training


@dataclass(frozen=True)
class Turn:
    """One training: the steps, the `seconds` of the whole process, PyTorch's threads, and the arithmetic."""

    steps: "Steps"
    seconds: float
    threads: int
    precision: str = "fp32"


def parse_args() -> argparse.Namespace:
    """Return the command line's options."""
    parser = command.parser("bench.training", __doc__)
    parser.add_argument("--recipe", metavar="NAME", help="a recipe's parameters (default: those of params.yaml)")
    parser.add_argument("--rounds", type=command.count, default=2, help="trainings of each way, in turns (2)")
    parser.add_argument(
        "--steps", type=command.count, default=40, help="timed steps of the plain ways (40); ours trains fully"
    )
    return parser.parse_args()


def read_values(recipe: str | None) -> dict[str, Any]:
    """Return the values of params.yaml, changed as the recipe says, checked."""
    from textclf.errors import InputError
    from textclf.specs import read_yaml
    from tools.recipe.recipes import RECIPES, find_recipes
    from tools.runs.checked import check_overrides
    from tools.runs.overrides import merged

    found = find_recipes([recipe]) if recipe else {}
    if recipe and recipe not in found:
        raise InputError(f"--recipe takes the name of one recipe; {recipe!r} stands for {', '.join(found)}")
    overrides = found[recipe].overrides if recipe else {}
    method = check_overrides(overrides, str(RECIPES / f"{recipe}.yaml" if recipe else PARAMS)).method
    if method not in METHODS:
        raise InputError(f"method {method} trains in no steps that could be timed; allowed: {', '.join(METHODS)}")
    return merged(read_yaml(PARAMS), overrides)


def prepare(place: Path, values: dict[str, Any]) -> None:
    """Write params.yaml into the checkout `place`, and make the training rows there."""
    from ruamel.yaml import YAML

    from textclf.errors import InputError

    with (place / PARAMS).open("w", encoding="utf-8") as file:
        YAML().dump(values, file)
    stages = ["augment", "teach", "tokenize"]
    with start_command(["dvc", "repro", "--quiet", *stages], cwd=place, env=environment()) as process:
        code = process.wait()
    if code:
        raise InputError(f"the training rows can't be made (exit code {code}); see above")


def environment() -> dict[str, str]:
    """Return the environment for a process in the checkout, whose cache is its own."""
    from tools.runs.experiments import mirrors

    return {name: value for name, value in os.environ.items() if name != "DVC_ROOT"} | mirrors()


def train(place: Path, way: str, steps: int) -> Turn:
    """Train once in the checkout `place`, without anything that an earlier training has cached."""
    from textclf.errors import InputError
    from tools.bench.clock import Steps

    for folder in (place / ".cache").glob("*"):
        if folder.is_dir() and folder.name not in KEPT:
            shutil.rmtree(folder)
    file = place / ".cache" / "turn.json"
    arguments = [sys.executable, "-m", "tools.bench.arms", way, str(WARMUP + steps), str(file.relative_to(place))]
    start = time.monotonic()
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with start_command(arguments, cwd=place, env=environment(), **pipes) as process:
        _, said = process.communicate()
    seconds = time.monotonic() - start
    if process.returncode:
        raise InputError(f"{way} failed: {' '.join(said.split())[-500:]}")
    found = json.loads(file.read_text(encoding="utf-8"))
    precision = json.loads((place / METRICS).read_text(encoding="utf-8"))["precision"] if way == OURS else "fp32"
    return Turn(Steps(**found["steps"]), seconds, found["threads"], precision)


def measure(place: Path, rounds: int, steps: int) -> dict[str, list[Turn]]:
    """Return the turns of each way; the ways take turns, so that a slow minute of the machine affects all."""
    turns: dict[str, list[Turn]] = {way: [] for way in WAYS}
    for number in range(rounds):
        for way in WAYS:
            turns[way].append(train(place, way, steps))
            print(f"round {number + 1}: {way}, {turns[way][-1].seconds:.0f} s", file=sys.stderr, flush=True)
    return turns


def speeds(turns: dict[str, list[Turn]]) -> dict[str, list[float]]:
    """Return the rows a second of each round: of the plain ways' steps, and of our steps and our whole stage."""
    plain = {way: [turn.steps.rate(WARMUP) for turn in turns[way]] for way in WAYS if way != OURS}
    steps = [turn.steps.all_rows / sum(turn.steps.seconds) for turn in turns[OURS]]
    return plain | {"steps": steps, "stage": [turn.steps.all_rows / turn.seconds for turn in turns[OURS]]}


def result(values: dict[str, Any], recipe: str | None, turns: dict[str, list[Turn]], commit: str) -> dict[str, Any]:
    """Return what is recorded."""
    from importlib.metadata import version

    from textclf.encoders.machine import processor_name

    found, ours = speeds(turns), turns[OURS][0]
    first = sum(found["notebook"])
    ways = [
        {"way": way, "rows_per_second": [round(rate, 1) for rate in rates], "times": round(sum(rates) / first, 1)}
        for way, rates in found.items()
    ]
    return {
        **{key: values[key] for key in ("dataset", "model", "method")},
        "recipe": recipe,
        "rows": ours.steps.rows,
        "epochs": ours.steps.epochs,
        "precision": ours.precision,
        "seconds": [round(turn.seconds, 1) for turn in turns[OURS]],
        "commit": commit,
        "processor": processor_name(),
        "threads": ours.threads,
        "versions": {name: version(name) for name in ("torch", "transformers")},
        "ways": ways,
    }


def main() -> None:
    """Measure, write results/speed/training-<recipe>.json, and print the table."""
    options = parse_args()
    from textclf.outputs import write_json
    from textclf.revisions import WORKSPACE, check_committed, resolve
    from tools.bench import training_table
    from tools.runs.seeds import checkout

    values = read_values(options.recipe)
    check_committed()
    commit = resolve(WORKSPACE).commit
    with checkout(commit) as place:
        prepare(place, values)
        turns = measure(place, options.rounds, options.steps)
    path = training_table.path(options.recipe or values["dataset"])
    write_json(path, result(values, options.recipe, turns, commit))
    print("\n".join(training_table.rows(path)))


if __name__ == "__main__":
    command.run(main)
