"""Which strategy pays? `python -m tools.select.replay` labels the workspace's training rows again, a tenth at a time.

It starts from a tenth, and adds a tenth a round by each strategy and at random.
"""

import argparse

from tools import command


def parse_args() -> argparse.Namespace:
    """Return the command line's options."""
    parser = command.parser("select.replay", __doc__)
    parser.add_argument("--rounds", type=int, default=4, metavar="N", help="tenths that are added (4)")
    parser.add_argument("--seeds", type=command.count, default=3, metavar="N", help="starts (3)")
    parser.add_argument("--C", type=float, default=10.0, help="of the logistic regression on vectors of length 1 (10)")
    options = parser.parse_args()
    if not 1 <= options.rounds <= 9 or not 0 < options.C < float("inf"):
        parser.error("--rounds: 1 to 9; --C: above 0")
    return options


def main() -> None:
    """Print the mean accuracies, a row a strategy."""
    options = parse_args()
    import numpy as np

    from textclf.progress import progress
    from tools.markdown_table import table
    from tools.runs.trial import open_mean_bench
    from tools.select.rounds import SHARE, STRATEGIES, replay

    bench = open_mean_bench()
    tasks = [(name, seed) for name in STRATEGIES for seed in range(options.seeds)]
    found: dict[str, list[list[float]]] = {name: [] for name in STRATEGIES}
    for name, seed in progress(tasks, [1] * len(tasks), "replay", "series"):
        found[name].append(list(replay(bench, name, options.rounds, options.C, seed)))
    shares = [f"{SHARE * (number + 1):.0%}" for number in range(len(found["random"][0]))]
    rows = [[name, *(f"{value:.4f}" for value in np.mean(series, axis=0))] for name, series in found.items()]
    print("\n".join(table(["strategy", *shares], rows)))


if __name__ == "__main__":
    command.run(main)
