"""Predict: the trained classifier's answers to texts, `python -m tools.predict "where is my parcel?"`.

Texts come from the command line, one a line from standard input (`-`), from a file of any size (`--in`, `--out`), or
from many files: a folder or a pattern, here or in S3, also on a Ray cluster (`--address`).
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from textclf.inference.files import MODEL
from tools import command

if TYPE_CHECKING:  # it imports what takes seconds
    from textclf.inference.model import Model


def parse_args() -> argparse.Namespace:
    """Return the command line's options."""
    parser = command.parser("predict", __doc__)
    parser.add_argument("text", nargs="*", help="texts; - reads one a line from standard input")
    parser.add_argument(
        "--top", type=command.count, help="number of labels shown, the most probable first (3; with --plot 20)"
    )
    parser.add_argument("--plot", type=Path, metavar="PNG", help="draw the probabilities of one text")
    parser.add_argument(
        "--in", dest="source", metavar="FILE", help="CSV, TSV, JSON lines or Parquet, by ending; or a folder or pattern"
    )
    parser.add_argument("--out", dest="target", metavar="FILE", help="the same rows with the answers; or a folder")
    parser.add_argument("--text-column", metavar="NAME", help="the input's column of texts (text)")
    parser.add_argument(
        "--delimiter",
        type=one_character,
        metavar="CHAR",
        help="between the input's cells (a comma; a tab in .tsv)",
    )
    parser.add_argument("--resume", action="store_true", help="continue scoring after an interruption")
    parser.add_argument("--batch-size", type=command.count, default=64, help="texts at a time (64)")
    parser.add_argument("--model", type=Path, default=MODEL, metavar="FOLDER", help=f"the model ({MODEL})")
    parser.add_argument("--rev", help="use the model of this commit, tag, branch or experiment")
    command.add_cluster(parser)
    options = parser.parse_args()
    check_options(parser, options)
    options.top = (20 if options.plot else 3) if options.top is None else options.top
    options.text_column = options.text_column or "text"
    return options


def check_options(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """End with one sentence if options don't go together."""
    if options.rev and options.model != MODEL:
        parser.error("--rev takes the pipeline's model of that revision; leave out --model")
    if bool(options.text) == bool(options.source) or bool(options.source) != bool(options.target):
        parser.error("give either texts, or --in and --out together")
    many = options.source and is_many(options.source)
    if command.names_cluster(options) and not many:
        parser.error("--address, --cpus and --gpus are for --in with a folder or a pattern; leave them out")
    if options.source and options.top:
        parser.error("--top is for texts; leave it out with --in, which writes the most probable label alone")
    if options.text and (options.resume or options.delimiter or options.text_column):
        parser.error("--resume, --delimiter and --text-column are for --in; leave them out")
    if options.plot and (len(options.text) != 1 or options.text == ["-"]):
        parser.error("--plot draws one text")
    if options.plot and (options.plot.suffix.lower() != ".png" or not options.plot.parent.is_dir()):
        parser.error(f"--plot writes a PNG: {options.plot} must end in .png, in a folder that is there")


def one_character(typed: str) -> str:
    """Return a delimiter as it was typed; `\\t` is a tab."""
    sign = {"\\t": "\t"}.get(typed, typed)
    if len(sign) != 1 or sign in '"\r\n' or "\ud800" <= sign <= "\udfff":
        raise argparse.ArgumentTypeError(
            f"{typed!r} is not a delimiter: one character is needed, other than a quotation mark or a line break"
        )
    return sign


def read_stdin() -> list[str]:
    """Return the lines of standard input that hold a text; none is an error."""
    lines = sys.stdin.buffer.read().decode("utf-8-sig", "surrogateescape").split("\n")
    texts = [line.removesuffix("\r") for line in lines if line.strip()]
    return texts or sys.exit("error: standard input holds no text")


def is_many(source: str) -> bool:
    """Return whether `source` names many files: a folder, an address such as s3://bucket/messages, or a pattern."""
    path = Path(source)
    return "://" in source or path.is_dir() or (not path.exists() and any(sign in source for sign in "*?["))


def predict_many(options: argparse.Namespace, model: "Model") -> None:
    """Score the files that --in names into the folder --out."""
    from tools.predict import folder_job, many

    settings = folder_job.Settings(options.text_column, options.batch_size, options.delimiter)
    job = folder_job.plan(options.source, options.target, settings)
    many.run(job, model, options.resume, options.address, (options.cpus, options.gpus))


def main() -> None:
    """Answer as the command line says."""
    options = parse_args()
    from textclf.inference.model import load_model
    from tools.predict import answers, score_file

    model = load_model(options.model, options.rev)
    if options.source and is_many(options.source):
        predict_many(options, model)
    elif options.source:
        files = Path(options.source), options.text_column, Path(options.target)
        job = score_file.Job(*files, options.batch_size, delimiter=options.delimiter)
        if unanswered := score_file.run(job, model, options.resume):
            print(f"{unanswered:,} rows have no answer; their column `reason` says why", file=sys.stderr)
    elif options.plot:
        answers.plot(model, options.text[0], options.plot, options.top)
    else:
        answers.show(model, read_stdin() if options.text == ["-"] else options.text, options.top, options.batch_size)


if __name__ == "__main__":
    command.run(main)
