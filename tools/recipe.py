"""Run a recipe as a DVC experiment of its name: `python -m tools.recipe banking77-lora`.

The experiment runs in a copy of the repository, so that the workspace stays as it is: `dvc exp show` compares it,
`dvc exp apply NAME` takes it over. `--record` keeps the result in results/, with the time of each stage that ran (with
`--force` of all); from there `--table` writes the README's tables.
"""

import argparse
import os
import re
import shlex
import subprocess
import sys
import time
from typing import Any

from ruamel.yaml import YAML

from stages.lib.errors import InputError
from tools.lib.recipes import Recipe, assignments, check, find_recipes, merged
from tools.lib.results import record
from tools.lib.results_table import write_table
from tools.lib.revisions import refuse_uncommitted


def command(name: str, overrides: dict[str, Any], options: argparse.Namespace) -> list[str]:
    """Return the `dvc exp run` that stands for the recipe."""
    how = ["--queue"] if options.queue or options.sweep else ["--temp"]
    force = ["--force"] if options.force else []
    values = [*assignments(overrides), *options.sweep]
    return ["dvc", "exp", "run", *how, *force, "--name", name, *(part for value in values for part in ("-S", value))]


def run_timed(arguments: list[str]) -> dict[str, float]:
    """Run a command of dvc, passing on what it prints, and return each stage's seconds; end with its exit code."""
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    seconds, stage, start = {}, "", 0.0
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=environment) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            if stage and line.startswith(("Running stage", "Updating lock file")):
                seconds[stage] = time.monotonic() - start
                stage = ""
            if match := re.match(r"Running stage '(\w+)'", line):
                stage, start = match[1], time.monotonic()
    if process.returncode:
        sys.exit(process.returncode)
    return seconds


def refuse_known_names(names: list[str]) -> None:
    """Raise `InputError` for an experiment of this commit that a new one would collide with, or replace."""
    listed = subprocess.run(["dvc", "exp", "list", "--name-only"], capture_output=True, text=True, check=True).stdout
    if known := [name for name in names if name in listed.split()]:
        raise InputError(f"there is an experiment {known[0]} already; dvc exp remove {known[0]} makes room for another")


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


def parsed() -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser(prog="python -m tools.recipe", description=__doc__.splitlines()[0])
    parser.add_argument("recipe", nargs="*", help="names of files in recipes/; 'banking77-*' means all that match")
    parser.add_argument("--list", action="store_true", help="list the recipes, a line each")
    parser.add_argument("--queue", action="store_true", help="queue the experiments; dvc queue start runs them")
    parser.add_argument("--sweep", action="append", default=[], metavar="KEY=V1,V2", help="queue one for each value")
    parser.add_argument(
        "--record", action="store_true", help="write results/<recipe>.json, with the seconds of each stage that ran"
    )
    parser.add_argument("--force", action="store_true", help="run every stage, also those that are in DVC's cache")
    parser.add_argument("--table", action="store_true", help="write the README's tables from results/")
    options = parser.parse_args()
    if not (options.recipe or options.list or options.table):
        parser.error("a recipe, --list or --table is needed")
    if options.record and (options.queue or options.sweep):
        parser.error("--record runs the experiment now; leave out --queue and --sweep")
    return options


def run_all(options: argparse.Namespace) -> None:
    """Check all recipes, then run them one after the other."""
    recipes = find_recipes(options.recipe)
    for name, recipe in recipes.items():
        check(name, recipe.overrides)
        check_sweep(name, recipe, options.sweep)
    if options.record:
        refuse_uncommitted()
    if not options.sweep and not options.force:
        refuse_known_names(list(recipes))
    for name, recipe in recipes.items():
        arguments = command(name, recipe.overrides, options)
        print(f"$ {shlex.join(arguments)}", flush=True)
        seconds = run_timed(arguments)
        if options.record:
            print(f"recorded in {record(name, seconds)}", flush=True)


def main() -> None:
    """Do what the command line says."""
    options = parsed()
    try:
        if options.list:
            print("\n".join(f"{name:36} {recipe.about}" for name, recipe in find_recipes(["*"]).items()))
        if options.recipe:
            run_all(options)
        if options.table:
            write_table(find_recipes(["*"]))
    except InputError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
