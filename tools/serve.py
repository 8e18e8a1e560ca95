"""Serve: the trained classifier over HTTP, `python -m tools.serve`, with a page to try it, until it is interrupted.

POST /predict takes {"text": "where is my parcel?"} or a list of texts. /docs describes the interface, /metrics is for
Prometheus, /health says that the model is loaded, /about what is served.
"""

import argparse
import json
import sys
from contextlib import ExitStack
from pathlib import Path

import uvicorn

from stages.lib.errors import InputError
from tools.lib.model import MODELS, REPORT, opened
from tools.lib.revisions import WORKSPACE, resolve
from tools.lib.service import Limits, create_app


def parsed() -> argparse.Namespace:
    """Return the command line's options."""
    limits = Limits()
    parser = argparse.ArgumentParser(prog="python -m tools.serve", description=__doc__.splitlines()[0])
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1: this machine alone)")
    parser.add_argument("--port", type=int, default=8000, help="(8000)")
    parser.add_argument("--model", type=Path, default=MODELS, metavar="FOLDER", help="of the pipeline or a classifier")
    parser.add_argument("--rev", help="take the model of this commit, tag, branch or experiment")
    parser.add_argument("--texts", type=int, default=limits.texts, help=f"most texts in a request ({limits.texts})")
    parser.add_argument("--characters", type=int, default=limits.characters, help=f"of a text ({limits.characters})")
    parser.add_argument("--batch", type=int, default=limits.batch, help=f"most texts in a pass ({limits.batch})")
    parser.add_argument("--waiting", type=int, default=limits.waiting, help=f"most texts waiting ({limits.waiting})")
    options = parser.parse_args()
    if min(options.texts, options.characters, options.batch, options.waiting) < 1:
        parser.error("limits are 1 or more")
    if options.waiting < options.texts:
        parser.error("--waiting holds at least one request of --texts")
    return options


def commit(folder: Path, rev: str | None) -> str:
    """Return the commit of the model that is served: an exported folder says it; of any other it is unknown."""
    if rev is not None or folder == MODELS:
        return resolve(rev or WORKSPACE).commit
    report = folder / REPORT
    try:
        known = json.loads(report.read_text(encoding="utf-8")) if report.is_file() else {}
    except ValueError:
        raise InputError(f"{report} is not valid JSON; export the model again") from None
    return str(known.get("commit", "unknown"))


def main() -> None:
    """Load the model and serve it."""
    options = parsed()
    limits = Limits(options.texts, options.characters, options.batch, options.waiting)
    with ExitStack() as stack:
        try:
            model = stack.enter_context(opened(options.model, options.rev))
            sha = commit(options.model, options.rev)
        except InputError as error:
            sys.exit(f"error: {error}")
        model.answer(["warm up"])
        app = create_app(model, sha, limits)
        print(f"http://{options.host}:{options.port}", flush=True)
        uvicorn.run(app, host=options.host, port=options.port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
