"""What the preparation of the workspace's run does to its texts: `python -m tools.bench.preparation --show 100`.

It counts the texts that the steps of `prepare` change, by split, tells how fast, and prints changed test texts to read.
"""

import argparse
import difflib
import time
from collections.abc import Callable
from pathlib import Path

from tools import command

RAW = Path("data/raw/rows.parquet")
SPLITS = Path("data/splits")
PREPARATION = Path("data/preparation")


def parse_args() -> argparse.Namespace:
    """Return the command line's options."""
    parser = command.parser("bench.preparation", __doc__)
    parser.add_argument("--show", type=command.count, default=0, metavar="N", help="print N test texts' changes (0)")
    return parser.parse_args()


def changed_words(before: str, after: str) -> str:
    """Return which words were replaced by which.

    >>> changed_words("where is teh card", "where is the card")
    'teh -> the'
    """
    old, new = before.split(), after.split()
    edits = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return "; ".join(f"{' '.join(old[a:b])} -> {' '.join(new[c:d])}" for kind, a, b, c, d in edits if kind != "equal")


def report(split: str, texts: list[str], prepare: Callable[[list[str]], list[str]]) -> list[tuple[str, str]]:
    """Print how many texts of the split `prepare` changes, and how fast; return these, before and after."""
    if not texts:  # as a data set for method zero_shot may have it
        print(f"{split}: it has no texts")
        return []
    start = time.perf_counter()
    prepared = prepare(texts)
    speed = len(texts) / (time.perf_counter() - start)
    changed = [pair for pair in zip(texts, prepared, strict=True) if pair[0] != pair[1]]
    share = len(changed) / len(texts)
    print(f"{split}: {len(changed):,} of {len(texts):,} texts changed ({share:.1%}), {speed:,.0f} texts/s")
    return changed


def main() -> None:
    """Print a line for each split, and the changes of some test texts."""
    options = parse_args()
    import pandas as pd

    from textclf.errors import InputError
    from textclf.preparation import preparation
    from textclf.rows import read_listed

    for path in (RAW, SPLITS / "train.csv", PREPARATION / preparation.STEPS_FILE):
        if not path.is_file():
            raise InputError(f"{path} does not exist; run dvc repro split prepare first")
    prepare = preparation.load(PREPARATION)
    texts = pd.read_parquet(RAW, columns=["id", "text"]).set_index("id")["text"]
    prepare(texts[:1])  # what is made at the first text is no part of the speed
    for split in ("train", "validation", "test"):
        changed = report(split, texts[read_listed(SPLITS / f"{split}.csv")["id"]].tolist(), prepare)
    for before, after in changed[: options.show]:
        print(f"  {changed_words(before, after)}")


if __name__ == "__main__":
    command.run(main)
