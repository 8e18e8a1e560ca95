"""Run a recipe as a DVC experiment of its name: `python -m tools.recipe banking77-lora`.

The experiment runs in a copy of the repository, so the workspace stays as it is: `dvc exp show` compares it with
others, `dvc exp apply NAME` takes it over. `--record` keeps the result in results/, with the time of each stage
that ran (of every stage with `--force`); `--table` writes docs/results.md from there. With --address, the experiments
of `--sweep` and the further ones of `--seeds` run on a Ray cluster.
"""

import argparse

from tools import command


def parse_args() -> argparse.Namespace:
    """Return the command line's options."""
    parser = command.parser("recipe", __doc__)
    parser.add_argument("recipe", nargs="*", help="names of files in recipes/; 'banking77-*' means all that match")
    parser.add_argument("--list", action="store_true", help="list the recipes, a line each")
    parser.add_argument("--queue", action="store_true", help="queue the experiments; dvc queue start runs them")
    parser.add_argument(
        "--sweep",
        action="append",
        default=[],
        metavar="KEY=V1,V2",
        help="queue one experiment for each combination of values; with --address, run them",
    )
    parser.add_argument("--record", action="store_true", help="write results/<recipe>.json, with the stages' seconds")
    parser.add_argument("--seeds", type=int, metavar="N", help="with --record: also run missing seeds, up to N in all")
    parser.add_argument("--force", action="store_true", help="run every stage, even if DVC's cache has its outputs")
    parser.add_argument("--table", action="store_true", help="write docs/results.md from results/")
    command.add_cluster(parser)
    options = parser.parse_args()
    check_options(parser, options)
    return options


def check_options(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """End with one sentence if options don't go together, or if one would be ignored."""
    if not (options.recipe or options.list or options.table):
        parser.error("give a recipe, --list or --table")
    if not options.recipe and (options.record or options.queue or options.sweep or options.force):
        parser.error("--record, --queue, --sweep and --force: give the recipe that they are for")
    if options.record and (options.queue or options.sweep):
        parser.error("--record runs the experiment now; leave out --queue and --sweep")
    if options.seeds is not None and (options.seeds < 2 or not options.record):
        parser.error("--seeds takes 2 or more, with --record")
    if options.sweep and options.force:
        parser.error("--sweep runs what is not there yet; leave out --force")
    if options.sweep and options.address and options.queue:
        parser.error("--sweep runs on the cluster that --address or RAY_ADDRESS names; leave out --queue")
    if command.names_cluster(options) and not (options.sweep or options.seeds):
        parser.error("--address, --cpus and --gpus are for --sweep and --seeds; leave them out")


def main() -> None:
    """Do what the command line says."""
    options = parse_args()
    from tools.recipe.experiment import run_recipes
    from tools.recipe.recipes import find_recipes
    from tools.recipe.results_page import write_page

    if options.list:
        print("\n".join(f"{name:36} {recipe.about}" for name, recipe in find_recipes(["*"]).items()))
    if options.recipe:
        run_recipes(options)
    if options.table:
        write_page(find_recipes(["*"]))


if __name__ == "__main__":
    command.run(main)
