"""Decide about suspect rows: `python -m tools.audit` serves a page on 127.0.0.1 and prints its address.

Each decision is appended to the corrections file of the data set at once. `--print 50` and `--apply FILE` do the same
without a browser.
"""

import argparse
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from textclf.audit.kinds import KINDS
from tools import command

if TYPE_CHECKING:
    import pandas as pd

    from tools.audit.session import Session


def parse_args() -> argparse.Namespace:
    """Return the command line's options."""
    parser = command.parser("audit", __doc__)
    parser.add_argument("--rows", type=Path, metavar="FILE", help="review the messages of this CSV (column text)")
    parser.add_argument(
        "--kind", choices=KINDS, metavar="KIND", help=f"suspects of this kind alone: {', '.join(KINDS)}"
    )
    parser.add_argument(
        "--print", type=command.count, metavar="N", dest="shown", help="print the first N as a CSV to fill in"
    )
    parser.add_argument("--apply", type=Path, metavar="FILE", help="write the decisions of such a CSV")
    parser.add_argument("--by", help="who decides (git's user.name)")
    parser.add_argument("--port", type=int, default=8001, help="0 is any free one (8001)")
    options = parser.parse_args()
    if options.shown and options.apply:
        parser.error("--print and --apply: give one of them")
    if options.kind and (options.rows or options.apply):
        parser.error("--kind: not with --rows or --apply, it chooses among the suspects to look at")
    if (options.shown or options.apply) and options.port != parser.get_default("port"):
        parser.error("--port: not with --print or --apply, which serve no page")
    if not 0 <= options.port <= 65535:
        parser.error(f"--port {options.port}: 0 to 65535 is allowed")
    return options


def user_name() -> str:
    """Return git's user.name, `unknown` without one."""
    done = subprocess.run(["git", "config", "user.name"], capture_output=True, text=True)
    return done.stdout.strip() or "unknown"


def main() -> None:
    """Print, apply, or serve the page."""
    options = parse_args()
    from tools.audit.dataset import corrections_file
    from tools.audit.decisions import apply_file, print_items
    from tools.audit.queue import label_names, messages, read_rows, suspects
    from tools.audit.session import Session
    from tools.audit.store import Store

    path, rows = corrections_file(), read_rows()
    items = messages(options.rows) if options.rows else suspects(options.kind)
    session = Session(items, label_names(rows, items), Store(path), options.by or user_name())
    if options.shown:
        print_items(session.left()[: options.shown])
    elif options.apply:
        print(f"{path}: {apply_file(options.apply, session):,} decisions added; dvc repro applies them")
    else:
        serve(session, rows, path, options.port)


def serve(session: "Session", rows: "pd.DataFrame", path: Path, port: int) -> None:
    """Serve the page at loopback."""
    import uvicorn

    from tools.audit.app import create_app
    from tools.audit.similar import Similar
    from tools.listening import listen

    with listen("127.0.0.1", port) as listening:
        app = create_app(session, Similar(rows), str(path))
        print(
            f"http://127.0.0.1:{listening.getsockname()[1]}  {len(session.left()):,} rows to decide about", flush=True
        )
        uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False)).run([listening])


if __name__ == "__main__":
    command.run(main)
