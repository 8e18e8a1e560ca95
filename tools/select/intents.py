"""Do groups of messages match intents? `python -m tools.select.intents LABEL ...` groups test rows of these labels.

The rows are those of the workspace's data set, their vectors those of the frozen checkpoint, which knows no label.
"""

import argparse

from tools import command


def parse_args() -> argparse.Namespace:
    """Return the command line's options."""
    parser = command.parser("select.intents", __doc__)
    parser.add_argument("labels", nargs="+", metavar="LABEL", help="labels that stand for unknown intents")
    parser.add_argument("--apart", type=float, help="cosine distance above which groups stay apart")
    return parser.parse_args()


def main() -> None:
    """Print the groups with their central texts, and how well they match the labels."""
    options = parse_args()
    import numpy as np
    from sklearn.metrics import adjusted_rand_score

    from textclf.errors import InputError
    from tools.markdown_table import cell, table
    from tools.runs.trial import open_mean_bench
    from tools.select.novel import APART, FEWEST, group
    from tools.select.strategies import unit

    bench = open_mean_bench()
    if unknown := sorted(set(options.labels) - set(bench.labels)):
        raise InputError(f"no label {unknown[0]!r} is in the data set")
    numbers = [bench.labels.index(name) for name in options.labels]
    rows = bench.rows["test"].take(np.flatnonzero(np.isin(bench.rows["test"].labels, numbers)).tolist())
    vectors = unit(bench.vectors_of(rows)) if rows.ids else np.empty((0, 1))
    found = group(vectors, options.apart or APART)
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
