"""Do groups of messages match intents? `python -m tools.select.intents LABEL ...` groups test rows of these labels.

The rows are those of the workspace's data set, their vectors those of the frozen checkpoint, which knows no label.
"""

import argparse

from tools import command


def parse_args() -> argparse.Namespace:
    """Return the command line's options."""
    parser = command.parser("select.intents", __doc__)
    parser.add_argument("labels", nargs="+", metavar="LABEL", help="labels that stand for unknown intents")
    parser.add_argument("--apart", type=distance, metavar="N", help="cosine distance of groups that stay apart (0.8)")
    return parser.parse_args()


def distance(typed: str) -> float:
    """Return a cosine distance.

    >>> distance("0.5")
    0.5
    """
    try:
        number = float(typed)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 2:  # nan compares as false
        raise argparse.ArgumentTypeError(f"{typed!r} is not a number from 0 to 2")
    return number


def main() -> None:
    """Print the groups with their central texts, and how well they match the labels."""
    options = parse_args()
    import sys

    import numpy as np
    from sklearn.metrics import adjusted_rand_score

    from textclf.errors import InputError
    from tools.markdown_table import cell, table
    from tools.runs.trial import open_mean_bench
    from tools.select.novel import APART, FEWEST, MOST, group
    from tools.select.strategies import unit

    bench = open_mean_bench(needed=["test"])
    if unknown := sorted(set(options.labels) - set(bench.labels)):
        raise InputError(f"no label {unknown[0]!r} is in the data set")
    numbers = [bench.labels.index(name) for name in options.labels]
    rows = bench.rows["test"].take(np.flatnonzero(np.isin(bench.rows["test"].labels, numbers)).tolist())
    if len(rows.ids) > MOST:
        print(f"of {len(rows.ids):,} test rows, the first {MOST:,} are grouped", file=sys.stderr)
        rows = rows.take(range(MOST))
    vectors = unit(bench.vectors_of(rows)) if rows.ids else np.empty((0, 1))
    found = group(vectors, APART if options.apart is None else options.apart)
    lines = []
    for name in range(found.group.max(initial=-1) + 1):
        inside = [at for at in found.order if found.group[at] == name]
        counts = np.bincount(rows.labels[inside])
        share = f"{bench.labels[counts.argmax()]} ({counts.max() / len(inside):.0%})"
        lines.append([str(len(inside)), cell(rows.texts[inside[0]]), share])
    print("\n".join(table(["messages", "central text", "most frequent label"], lines)))
    if not lines:
        print(f"\nno group of {FEWEST} or more is among the {len(rows.ids)} test rows of these labels")
        return
    kept = found.group >= 0
    score = adjusted_rand_score(rows.labels[kept], found.group[kept])
    print(f"\n{kept.sum()} of {len(kept)} messages are in {len(lines)} groups; adjusted Rand index {score:.2f}")


if __name__ == "__main__":
    command.run(main)
