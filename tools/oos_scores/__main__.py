"""Compare out-of-scope scores on several data sets: `python -m tools.oos_scores`.

Each run is a DVC experiment, in a checkout of its own. It predicts the rows once, and every score is fitted and
measured on these predictions. results/oos-scores.json keeps the measurements. What it has already isn't run again, so
an interrupted comparison goes on where it was. `--table` writes the table in docs/out-of-scope.md from there.
"""

import argparse

from tools import command


def parse_args() -> argparse.Namespace:
    """Return the command line's options."""
    parser = command.parser("oos_scores", __doc__)
    parser.add_argument("--method", choices=["features", "full"], help="the runs of this method alone (default: both)")
    parser.add_argument("--force", action="store_true", help="also run what an earlier commit has recorded")
    parser.add_argument("--table", action="store_true", help="run nothing; write the table in docs/out-of-scope.md")
    options = parser.parse_args()
    command.check_table_alone(parser, options)
    return options


def main() -> None:
    """Do what the command line says."""
    options = parse_args()
    from tools.oos_scores.compare import compare
    from tools.oos_scores.page import write_page
    from tools.oos_scores.plan import METHODS, plan

    if options.table:
        write_page()
    else:
        compare(plan([options.method] if options.method else list(METHODS)), options.force)


if __name__ == "__main__":
    command.run(main)
