"""Every test row that a run gets wrong: `python -m tools.errors --html errors.html`, or `--csv errors.csv`.

Beside each row stands the most similar training row with another label, which may have misled the model, or shows that
one of the two labels is wrong.
"""

import argparse

from tools import command


def parse_args() -> argparse.Namespace:
    """Return the command line's options."""
    parser = command.parser("errors", __doc__)
    parser.add_argument("--rev", help="of this commit, tag, branch or experiment (the workspace)")
    parser.add_argument("--csv", type=command.file, metavar="FILE", help="write a table")
    parser.add_argument("--html", type=command.file, metavar="FILE", help="write a page with filters")
    options = parser.parse_args()
    if not options.csv and not options.html:
        parser.error("give --csv, --html or both")
    return options


def main() -> None:
    """Write what is asked for."""
    options = parse_args()
    from textclf.atomic import replace_file
    from tools.errors.errors import find_errors
    from tools.errors.page import page, to_csv
    from tools.runs.run import open_run
    from tools.runs.stale import check_current

    run = open_run(options.rev)
    check_current(run)
    table = find_errors(run)
    left = int(table["neighbor"].isna().sum())
    if 0 < left < len(table):  # without training rows, none has one
        print(
            f"only the {len(table) - left:,} rows with the highest loss have a similar training row; for the other "
            f"{left:,}, the search would take too long"
        )
    for path, content in ((options.csv, to_csv), (options.html, lambda found: page(run, found))):
        if path:
            with replace_file(path) as part:
                part.write_text(content(table), encoding="utf-8", newline="")
            print(f"{path}: {len(table):,} of {len(run.predictions):,} test rows")


if __name__ == "__main__":
    command.run(main)
