"""Serve: the trained classifier over HTTP with a page to try it, `python -m tools.serve`, until it is interrupted.

POST /predict takes {"text": "where is my parcel?"} or a list of texts. /docs describes the interface, /metrics is for
Prometheus, /health tells that the model is loaded, /about which model is served.
"""

import argparse
import json
from pathlib import Path

from textclf.errors import InputError
from textclf.inference.files import MODEL, REPORT
from tools import command
from tools.listening import listen
from tools.serve.limits import Limits

MOST = 1_000_000_000  # of whatever is limited


def parse_args() -> argparse.Namespace:
    """Return the command line's options."""
    limits = Limits()
    parser = command.parser("serve", __doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1: this machine only)")
    parser.add_argument("--port", type=int, default=8000, help="0 is any free one (8000)")
    parser.add_argument("--model", type=Path, default=MODEL, metavar="FOLDER", help=f"the model ({MODEL})")
    parser.add_argument("--rev", help="use the model of this commit, tag, branch or experiment")
    parser.add_argument("--max-texts", type=int, default=limits.texts, help=f"texts in a request ({limits.texts})")
    parser.add_argument("--max-chars", type=int, default=limits.chars, help=f"characters of a text ({limits.chars})")
    parser.add_argument("--max-batch", type=int, default=limits.batch, help=f"texts in a forward pass ({limits.batch})")
    queue, many, seconds = limits.queue, limits.connections, limits.seconds
    parser.add_argument("--max-queue", type=int, default=queue, help=f"texts waiting for a forward pass ({queue})")
    more = f"connections at once; further ones are closed ({many})"
    parser.add_argument("--max-connections", type=int, default=many, help=more)
    parser.add_argument("--timeout", type=int, default=seconds, help=f"seconds for a request to arrive ({seconds})")
    parser.add_argument("--grace", type=int, default=10, help="seconds to finish requests after SIGTERM (10)")
    parser.add_argument("--feedback", type=Path, metavar="FILE", help="store users' corrections: messages and labels")
    options = parser.parse_args()
    if options.rev and options.model != MODEL:
        parser.error("--rev takes the pipeline's model of that revision; leave out --model")
    counts = [options.max_texts, options.max_chars, options.max_batch, options.max_queue, options.max_connections]
    if not all(1 <= limit <= MOST for limit in (*counts, options.timeout, options.grace)):
        parser.error(f"limits must be between 1 and {MOST:,}")
    if not 0 <= options.port <= 65535:
        parser.error(f"--port {options.port}: 0 to 65535 is allowed")
    if options.max_queue < options.max_texts:
        parser.error("--max-queue must hold at least one request of --max-texts")
    return options


def model_commit(folder: Path, rev: str | None) -> str:
    """Return the commit whose model this is: an exported folder names it, another one's is `unknown`."""
    if rev is not None or folder == MODEL:
        from textclf.revisions import WORKSPACE, resolve
        from tools.runs.model_commit import pipeline_commit

        return pipeline_commit(resolve(rev or WORKSPACE))
    report = folder / REPORT
    try:
        values = json.loads(report.read_text(encoding="utf-8")) if report.is_file() else {}
    except ValueError:
        raise InputError(f"{report} is not valid JSON; export the model again") from None
    return str(values.get("commit", "unknown"))


def main() -> None:
    """Load the model and serve it."""
    options = parse_args()
    with listen(options.host, options.port) as listening:
        import uvicorn

        from textclf.inference.model import load_model
        from tools.serve.app import create_app
        from tools.serve.connections import limited_protocol
        from tools.serve.feedback import Feedback

        texts, batch = (options.max_texts, options.max_chars), (options.max_batch, options.max_queue)
        limits = Limits(*texts, *batch, options.max_connections, options.timeout)
        feedback = Feedback(options.feedback) if options.feedback else None
        if options.rev:
            from textclf.revisions import resolve

            options.rev = resolve(options.rev).sha  # of one commit, even if the name moves meanwhile
        model = load_model(options.model, options.rev)
        commit = model_commit(options.model, options.rev)
        host = f"[{options.host}]" if ":" in options.host else options.host
        print(f"http://{host}:{listening.getsockname()[1]}", flush=True)
        protocol = limited_protocol(limits.connections, limits.seconds)
        config = uvicorn.Config(
            create_app(model, commit, limits, feedback),
            http=protocol,
            timeout_graceful_shutdown=options.grace,
            log_level="warning",
            access_log=False,
        )
        uvicorn.Server(config).run([listening])


if __name__ == "__main__":
    command.run(main)
