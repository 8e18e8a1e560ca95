"""Is a change better, or is it noise? `python -m tools.review [BASE] [HEAD]` compares main with the workspace.

BASE and HEAD are a branch, tag, commit, experiment or `workspace`. Nothing is trained without --seeds. The exit code is
2 if the runs can't be compared and, with `--gate`, 1 if a rule of review.yaml is broken. With --address, the missing
seeds run on a Ray cluster.
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from textclf.errors import InputError
from tools import command

if TYPE_CHECKING:
    from tools.runs.run import Run


def parse_args() -> argparse.Namespace:
    """Return the command line's options."""
    parser = command.parser("review", __doc__)
    parser.add_argument("base", nargs="?", default="main", help="the run to compare with (main)")
    parser.add_argument("head", nargs="?", default="workspace", help="the run that is reviewed (workspace)")
    parser.add_argument("--out", type=command.file, metavar="FILE", help="also write the Markdown to FILE")
    parser.add_argument("--html", type=command.file, metavar="FILE", help="write a page with all rows and charts")
    parser.add_argument("--gate", action="store_true", help="exit with 1 if a rule of review.yaml is broken")
    parser.add_argument(
        "--seeds",
        type=command.count,
        metavar="N",
        help="first run missing seeds, so that both sides have N, and record them",
    )
    command.add_cluster(parser)
    options = parser.parse_args()
    if not options.base or not options.head:
        parser.error("BASE and HEAD are names")
    if command.names_cluster(options) and not options.seeds:
        parser.error("--address, --cpus and --gpus are for --seeds; leave them out")
    return options


def ensure_both(base: "Run", head: "Run", options: argparse.Namespace) -> None:
    """See to it that both runs have as many seeds as asked for; one that draws nothing needs no other."""
    from tools.cluster.experiments import Resources
    from tools.runs.config import draws
    from tools.runs.seeds import ensure_seeds

    resources = Resources(options.address, options.cpus, options.gpus) if options.address else None
    for run in (one for one in (base, head) if draws(one.params)):
        ensure_seeds(run, options.seeds, resources)


def write(path: Path | None, text: str) -> None:
    """Write the text to `path`, if one is asked for, whole or not at all."""
    from textclf.atomic import replace_file

    if path:
        with replace_file(path) as part:
            part.write_text(text, encoding="utf-8")


def main() -> None:
    """Print the review; write the files that are asked for."""
    options = parse_args()
    from tools.markdown_table import code
    from tools.review.gate import try_to_judge
    from tools.review.html import html
    from tools.review.markdown import markdown
    from tools.review.report import NotComparable, compare, shared_rows
    from tools.review.rules import read_rules
    from tools.runs.run import open_run

    try:
        rules, base, head = read_rules(), open_run(options.base), open_run(options.head)
        if options.seeds:
            shared_rows(base, head, rules)  # before hours of training
            ensure_both(base, head, options)
        report = compare(base, head, rules)
    except InputError as error:
        title = "not comparable" if isinstance(error, NotComparable) else "no review"
        write(options.out, f"## {title}\n\n{code(error)}\n")
        if options.html:
            options.html.unlink(missing_ok=True)  # that of another review
        if not isinstance(error, NotComparable):
            raise
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    gate = try_to_judge(report, rules)
    text = markdown(report, gate)
    write(options.out, text)
    write(options.html, html(report, gate) if options.html else "")
    print(text)
    if options.gate and gate.error:  # said after the pages are written
        raise InputError(gate.error)
    if options.gate and gate.broken:
        sys.exit("Gate failed: " + "; ".join(gate.broken))


if __name__ == "__main__":
    command.run(main)
