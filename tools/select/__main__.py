"""Which messages should be labeled next? `python -m tools.select --in messages.csv -n 200 --by margin --out next.csv`.

margin and entropy take those of which the model is the least certain, diverse takes the centers of many clusters, novel
clusters those out of scope into candidate intents. `python -m tools.audit --rows next.csv` labels them.
"""

import argparse
from pathlib import Path

from textclf.inference.files import MODEL
from tools import command


def parse_args() -> argparse.Namespace:
    """Return the command line's options."""
    parser = command.parser("select", __doc__)
    parser.add_argument(
        "--in", type=Path, required=True, metavar="FILE", dest="file", help=".csv, .tsv, .jsonl, .parquet"
    )
    parser.add_argument("-n", type=command.count, required=True, dest="number", help="how many")
    parser.add_argument(
        "--by", required=True, choices=["margin", "entropy", "diverse", "novel"], help="selection strategy"
    )
    parser.add_argument("--text-column", default="text", metavar="NAME", help="(text)")
    parser.add_argument("--out", type=command.file, metavar="FILE", help="a CSV (else it is printed)")
    parser.add_argument("--model", type=Path, default=MODEL, metavar="FOLDER", help=f"the model ({MODEL})")
    return parser.parse_args()


def main() -> None:
    """Write or print the chosen messages."""
    options = parse_args()
    import csv
    import sys

    from textclf.atomic import replace_file
    from textclf.errors import InputError
    from textclf.inference.model import load_model
    from tools.select.choose import choose, read_messages

    if options.out and options.out.resolve() == options.file.resolve():
        raise InputError(f"{options.out} is the input; name another file with --out")
    texts = read_messages(options.file, options.text_column)
    if not texts:
        raise InputError(f"{options.file} holds no texts")
    chosen = choose(load_model(options.model), texts, options.number, options.by)
    if options.out is None:
        chosen.to_csv(sys.stdout, index=False, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
        return
    with replace_file(options.out) as part:
        chosen.to_csv(part, index=False, quoting=csv.QUOTE_NONNUMERIC)
    print(f"{options.out}: {len(chosen):,} of {len(texts):,} texts")


if __name__ == "__main__":
    command.run(main)
