"""Score the mean of several runs' probabilities: `python -m tools.ensemble COMMIT COMMIT...`.

Nothing is trained or predicted: DVC's cache has each run's logits. The runs must have the same validation rows, test
rows and labels.
"""

import argparse

from tools import command


def parse_args() -> argparse.Namespace:
    """Return the command line's options."""
    parser = command.parser("ensemble", __doc__)
    parser.add_argument("revs", nargs="+", metavar="COMMIT", help="commits, tags, branches or experiments, two or more")
    options = parser.parse_args()
    if len(set(options.revs)) < max(2, len(options.revs)):
        parser.error("give two or more runs, each of them once")
    return options


def main() -> None:
    """Print a row for each run, and one for their mean."""
    options = parse_args()
    from tools.ensemble.ensemble import ensemble_table
    from tools.runs.run import open_run

    print("\n".join(ensemble_table([open_run(name) for name in options.revs])))


if __name__ == "__main__":
    command.run(main)
