"""Does it help to correct what the audit suspects? `python -m tools.audit.effect` trains with, without, and corrected.

Nobody looks at the rows here: suspects are left out, or get the suggested label if it is probable enough; validation
rows choose how probable. The test rows stay as they are.
"""

import argparse
from pathlib import Path

from tools import command


def parse_args() -> argparse.Namespace:
    """Return the command line's options."""
    parser = command.parser("audit.effect", __doc__)
    parser.add_argument("--method", default="features", choices=["features", "full"], help="(features)")
    parser.add_argument("--seeds", type=command.count, default=5, metavar="N", help="of folds and of training (5)")
    parser.add_argument(
        "--write", type=Path, metavar="FILE", help="write the rows with suggested labels as corrections"
    )
    return parser.parse_args()


def main() -> None:
    """Print a row an arm: rows that were changed, accuracy on test, and the difference to training as it is."""
    options = parse_args()
    import pandas as pd

    from textclf.data.corrections import Line
    from textclf.encoders.quiet import quiet_transformers
    from tools.audit.arms import relabelled, try_arms
    from tools.audit.probe import learned_vectors
    from tools.audit.store import Store
    from tools.markdown_table import table
    from tools.runs.trial import open_mean_bench

    quiet_transformers()
    bench = open_mean_bench()
    vectors = learned_vectors(bench)
    found = pd.DataFrame(try_arms(bench, vectors, options.method, options.seeds))
    rows = []
    for arm, part in found.groupby("arm", sort=False):
        thresholds = ", ".join(sorted({f"{value:g}" for value in part["threshold"].dropna()}))
        numbers = [f"{part['rows'].mean():.0f}", thresholds, f"{part['accuracy'].mean():.4f}"]
        rows.append([str(arm), *numbers, f"{part['difference'].mean():+.4f}", f"{part['difference'].std():.4f}"])
    columns = ["training rows", "changed", "threshold", "accuracy", "difference", "its sd over seeds"]
    print("\n".join(table(columns, rows)))
    if options.write:
        corrections = relabelled(bench, vectors, float(found["threshold"].dropna().iloc[0]))
        Store(options.write).add([Line("the suggested labels", correction) for correction in corrections])


if __name__ == "__main__":
    command.run(main)
