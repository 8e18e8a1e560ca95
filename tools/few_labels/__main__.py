"""Few labels: the accuracy of methods that get a few rows of each label, on three public data sets.

Rows are drawn from the training rows; scores are those of all test rows. results/few-labels.json keeps the
measurements with their parameters, checkpoint and rows; what it has with today's isn't measured again. The published
records don't name theirs, so the first run measures everything. `--setfit` measures SetFit on the same rows, in an
environment of its own under .cache. `--table` writes docs/few-labels.md from there.
"""

import argparse

from textclf.errors import InputError
from tools import command

DATASETS = ["banking77", "massive_en_us", "emotion"]


def parse_args() -> argparse.Namespace:
    """Return the command line's options."""
    parser = command.parser("few_labels", __doc__)
    parser.add_argument("--dataset", nargs="+", default=DATASETS, metavar="NAME", help=f"({' '.join(DATASETS)})")
    parser.add_argument(
        "--rows", nargs="+", type=command.count, default=[1, 5, 10, 30], help="rows per label (1 5 10 30)"
    )
    parser.add_argument("--draws", type=command.count, default=5, help="draws of rows, each with its own seed (5)")
    parser.add_argument("--arm", nargs="+", metavar="NAME", help="methods to compare (default: the fast ones)")
    parser.add_argument("--setfit", action="store_true", help="measure SetFit 1.2 instead; minutes for each draw")
    parser.add_argument("--table", action="store_true", help="measure nothing; write docs/few-labels.md")
    options = parser.parse_args()
    command.check_table_alone(parser, options)
    if options.setfit and options.arm:
        parser.error("--setfit is the one way of training then; leave out --arm")
    return options


def main() -> None:
    """Do what the command line says."""
    options = parse_args()
    if options.table:
        from tools.few_labels.page import write_page

        write_page()
        return
    from tools.few_labels.arms import ARMS, CHEAP, SETFIT
    from tools.few_labels.measure import measure

    arms = [SETFIT] if options.setfit else options.arm or CHEAP
    if unknown := [name for name in arms if name not in (*ARMS, SETFIT)]:
        raise InputError(f"--arm {unknown[0]}: allowed: {', '.join(ARMS)}")
    for dataset in options.dataset:
        measure(dataset, arms, options.rows, options.draws)


if __name__ == "__main__":
    command.run(main)
