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
    import sys

    from textclf.data.corrections import Line
    from textclf.encoders.quiet import quiet_transformers
    from textclf.errors import InputError
    from tools.audit.arms import Arm, averages, relabeled, try_arms
    from tools.audit.probe import learned_vectors
    from tools.audit.store import Store
    from tools.markdown_table import table
    from tools.runs.trial import open_mean_bench

    quiet_transformers()
    if options.write and Store(options.write).lines():  # before a training that may take an hour
        raise InputError(f"--write: {options.write} holds corrections already; name another file")
    bench = open_mean_bench()
    vectors = learned_vectors(bench)
    arms: list[Arm] = []
    for seed, of_seed in enumerate(try_arms(bench, vectors, options.method, options.seeds)):
        arms += of_seed
        accuracies = ", ".join(f"{one.arm} {one.accuracy:.4f}" for one in of_seed)
        print(f"seed {seed}: {accuracies}", file=sys.stderr, flush=True)
    columns = ["training rows", "changed", "threshold", "accuracy", "difference", "its sd over seeds"]
    print("\n".join(table(columns, averages(arms))))
    if options.write:
        # The first seed's, as it was measured.
        seed, threshold = next((arm.seed, arm.threshold) for arm in arms if arm.threshold is not None)
        corrections = relabeled(bench, vectors, seed, threshold)
        Store(options.write).add([Line("the suggested labels", correction) for correction in corrections])
        print(f"{options.write}: {len(corrections):,} rows with suggested labels, as measured with seed 0")


if __name__ == "__main__":
    command.run(main)
