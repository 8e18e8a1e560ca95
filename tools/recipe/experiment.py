"""Recipes as DVC experiments: checked as a whole first, then queued or run one after the other."""

import argparse
import shlex
from typing import Any

from textclf.errors import InputError
from textclf.revisions import check_committed, check_git_config, check_queue
from tools.cluster.experiments import Resources
from tools.processes import output, set_options
from tools.recipe.recipes import Recipe, check, find_recipes
from tools.recipe.results import record
from tools.runs.overrides import assignments, merged
from tools.runs.run import open_run
from tools.runs.seeds import ensure_seeds
from tools.runs.sweep import combinations, named, sweep
from tools.stage_times import run_timed


def experiment_command(name: str, overrides: dict[str, Any], options: argparse.Namespace) -> list[str]:
    """Return the `dvc exp run` of the recipe."""
    how = ["--queue"] if options.queue else ["--temp"]
    force = ["--force"] if options.force else []
    return ["dvc", "exp", "run", *how, *force, "--name", name, *set_options(assignments(overrides))]


def check_names_free(names: list[str]) -> None:
    """Raise `InputError` for an experiment of this commit that a new one would collide with, or replace."""
    listed = output("dvc", "exp", "list", "--name-only")
    if known := [name for name in names if name in listed.split()]:
        raise InputError(f"experiment {known[0]} already exists; remove it with: dvc exp remove {known[0]}")


def check_no_refs(names: list[str]) -> None:
    """Raise `InputError` for a branch or tag, which would be read in place of the experiment of its name."""
    refs = output("git", "for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads", "refs/tags").splitlines()
    if taken := sorted(set(names) & set(refs)):
        raise InputError(f"{taken[0]} is also a branch or a tag, which stands for another run; rename that")


def swept(name: str, recipe: Recipe, sweep: list[str]) -> list[dict[str, Any]]:
    """Return the recipe's overrides with each combination of `--sweep`; `InputError` for one that isn't allowed."""
    combined = [merged(recipe.overrides, one) for one in combinations(sweep)]
    for overrides in combined:
        check(name, overrides)
    return combined


def run_recipes(options: argparse.Namespace) -> None:
    """Check all recipes, then run them one after the other."""
    recipes = find_recipes(options.recipe)
    combined = {name: swept(name, recipe, options.sweep) for name, recipe in recipes.items()}
    resources = Resources(options.address, options.cpus, options.gpus) if options.address else None
    if options.sweep:
        sweep([one for name, overrides in combined.items() for one in named(overrides, name)], resources, resume=True)
        return
    check_queue()
    check_git_config()
    check_no_refs(list(recipes))
    if options.record:
        check_committed()
    if not options.force:
        check_names_free(list(recipes))
    commands = {name: experiment_command(name, recipe.overrides, options) for name, recipe in recipes.items()}
    for name, arguments in commands.items():
        print(f"$ {shlex.join(arguments)}", flush=True)
        seconds = run_timed(arguments)
        if options.record:
            print(f"recorded in {record(name, seconds)}", flush=True)
        if options.seeds:
            print(f"recorded in {ensure_seeds(open_run(name), options.seeds, resources).folder}", flush=True)
            record(name, seconds)  # which names that folder
