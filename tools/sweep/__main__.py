"""Run every combination of some values as a DVC experiment: `python -m tools.sweep lr=1e-4,2e-4 seed=1,2,3`.

With --address (or RAY_ADDRESS) each combination is a task on a Ray cluster, and the experiments come back here; else
DVC's queue gets them. docs/cluster.md says what a cluster needs.
"""

import argparse

from tools import command


def parse_args() -> argparse.Namespace:
    """Return the command line's options."""
    parser = command.parser("sweep", __doc__)
    parser.add_argument("values", nargs="+", metavar="KEY=V1,V2", help="values to combine, as in params.yaml")
    parser.add_argument("--resume", action="store_true", help="run only the combinations that are not here yet")
    command.add_cluster(parser)
    return parser.parse_args()


def main() -> None:
    """Check all combinations, then run them."""
    options = parse_args()
    from tools.cluster.experiments import Resources
    from tools.runs.sweep import check_combinations, combinations, named, sweep

    combined = combinations(options.values)
    check_combinations(combined)
    resources = Resources(options.address, options.cpus, options.gpus) if options.address else None
    sweep(named(combined), resources, options.resume)


if __name__ == "__main__":
    command.run(main)
