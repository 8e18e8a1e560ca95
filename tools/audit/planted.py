"""How many wrong labels does the audit find? `python -m tools.audit.planted` flips some of the workspace's, and looks.

A share of the training labels is flipped to another label, drawn at random; the list is that of `tools.audit`: rows of
the kinds label and disagreement, the most suspect first.
"""

import argparse
from math import isnan

from tools import command


def parse_args() -> argparse.Namespace:
    """Return the command line's options."""
    parser = command.parser("audit.planted", __doc__)
    parser.add_argument("--share", type=float, default=0.05, help="of the training labels that is flipped (0.05)")
    parser.add_argument("--seeds", type=command.count, default=5, metavar="N", help="draws (5)")
    options = parser.parse_args()
    if not 0 < options.share < 0.5:
        parser.error("--share: above 0 and below 0.5 is allowed")
    return options


def main() -> None:
    """Print a row a draw."""
    options = parse_args()
    import pandas as pd

    from tools.audit.flips import found_flips
    from tools.audit.probe import learned_vectors
    from tools.markdown_table import table
    from tools.runs.trial import open_mean_bench

    bench = open_mean_bench()
    vectors = learned_vectors(bench)
    draws = [found_flips(bench, vectors, options.share, seed) for seed in range(options.seeds)]
    found = pd.DataFrame(draws, dtype=float)
    found.loc["mean"] = found.mean()  # over the draws that flag a row at all
    rows = [
        [str(name), *("" if isnan(value) else f"{value:.3f}" for value in row)] for name, *row in found.itertuples()
    ]
    columns = ["seed", "found in 10% of the rows", "precision at 100", "flagged", "precision of the flagged"]
    print("\n".join(table(columns, rows)))


if __name__ == "__main__":
    command.run(main)
