"""Recipes as DVC experiments: checked as a whole first, then queued or run one after the other."""

import argparse
import shlex
import subprocess
from typing import Any

from ruamel.yaml import YAML

from textclf.errors import InputError
from textclf.revisions import check_committed, check_queue
from tools.recipe.recipes import Recipe, check, find_recipes
from tools.recipe.results import record
from tools.runs.overrides import assignments, merged
from tools.runs.run import open_run
from tools.runs.seeds import ensure_seeds
from tools.stage_times import run_timed


def experiment_command(name: str, overrides: dict[str, Any], options: argparse.Namespace) -> list[str]:
    """Return the `dvc exp run` of the recipe."""
    how = ["--queue"] if options.queue or options.sweep else ["--temp"]
    force = ["--force"] if options.force else []
    values = [*assignments(overrides), *options.sweep]
    return ["dvc", "exp", "run", *how, *force, "--name", name, *(part for value in values for part in ("-S", value))]


def check_names_free(names: list[str]) -> None:
    """Raise `InputError` for an experiment of this commit that a new one would collide with, or replace."""
    listed = subprocess.run(["dvc", "exp", "list", "--name-only"], capture_output=True, text=True, check=True).stdout
    if known := [name for name in names if name in listed.split()]:
        raise InputError(f"experiment {known[0]} already exists; remove it with: dvc exp remove {known[0]}")


def check_sweep(name: str, recipe: Recipe, sweep: list[str]) -> None:
    """Raise `InputError` for a value of `--sweep` that the parameters don't allow."""
    for entry in sweep:
        key, equals, values = entry.partition("=")
        if not equals or not values:
            raise InputError(f"--sweep {entry}: key=value,value is needed, such as lr=1e-4,5e-5")
        for value in values.split(","):
            nested: Any = YAML(typ="safe", pure=True).load(value)
            for part in reversed(key.split(".")):
                nested = {part: nested}
            check(name, merged(recipe.overrides, nested))


def run_recipes(options: argparse.Namespace) -> None:
    """Check all recipes, then run them one after the other."""
    recipes = find_recipes(options.recipe)
    for name, recipe in recipes.items():
        check(name, recipe.overrides)
        check_sweep(name, recipe, options.sweep)
    check_queue()
    if options.record:
        check_committed()
    if not options.sweep and not options.force:
        check_names_free(list(recipes))
    for name, recipe in recipes.items():
        arguments = experiment_command(name, recipe.overrides, options)
        print(f"$ {shlex.join(arguments)}", flush=True)
        seconds = run_timed(arguments)
        if options.record:
            print(f"recorded in {record(name, seconds)}", flush=True)
        if options.seeds:
            print(f"recorded in {ensure_seeds(open_run(name), options.seeds).folder}", flush=True)
