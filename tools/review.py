"""Is a change better, or is it noise? `python -m tools.review [BASE] [HEAD]`: main against the workspace.

BASE and HEAD are any of branch, tag, commit, experiment name, `workspace`. Nothing is trained. The exit code is 2 if
the runs can't be compared and, with `--gate`, 1 if a rule of review.yaml is broken.
"""

import argparse
import sys
from pathlib import Path

from stages.lib.errors import InputError
from tools.lib.console import end_with_the_reader
from tools.lib.gate import broken_rules, read_gate
from tools.lib.noise import measure
from tools.lib.report import NotComparable, review
from tools.lib.report_html import html
from tools.lib.report_markdown import markdown
from tools.lib.revisions import WORKSPACE, resolve
from tools.lib.runs import Run


def parsed() -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser(prog="python -m tools.review", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("base", nargs="?", default="main", help="what to compare with (default: main)")
    parser.add_argument("head", nargs="?", default=WORKSPACE, help="what is reviewed (default: the workspace)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the Markdown there, too")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page with all rows and pictures")
    parser.add_argument("--gate", action="store_true", help="exit with 1 if a rule of review.yaml is broken")
    parser.add_argument(
        "--seeds", type=int, metavar="N", help="run the workspace under N further seeds, and keep the spread"
    )
    return parser.parse_args()


def main() -> None:
    """Print the review; write what is asked for."""
    options = parsed()
    try:
        if options.seeds:
            print(f"wrote {measure(Run(resolve(WORKSPACE)), options.seeds)}")
            return
        gate = read_gate()
        report = review(Run(resolve(options.base)), Run(resolve(options.head)), gate)
    except NotComparable as error:
        if options.out:
            options.out.write_text(f"## {error}\n", encoding="utf-8")
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    except InputError as error:
        sys.exit(f"error: {error}")
    failed = broken_rules(report, gate)
    text = markdown(report, failed)
    if options.out:
        options.out.write_text(text, encoding="utf-8")
    if options.html:
        options.html.write_text(html(report, failed), encoding="utf-8")
    print(text)
    if options.gate and failed:
        sys.exit("gate: " + "; ".join(failed))


if __name__ == "__main__":
    end_with_the_reader()
    main()
