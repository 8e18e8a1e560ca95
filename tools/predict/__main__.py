"""Predict: the trained classifier's answers to texts, `python -m tools.predict "where is my parcel?"`.

Texts come from the command line, one a line from standard input (`-`), or from a file of any size (`--in`, `--out`).
"""

import argparse
import sys
from pathlib import Path

from textclf.inference.files import MODEL
from tools import command


def parse_args() -> argparse.Namespace:
    """Return the command line's options."""
    parser = command.parser("predict", __doc__)
    parser.add_argument("text", nargs="*", help="texts; - reads one a line from standard input")
    parser.add_argument("--top", type=int, help="number of labels shown, the most probable first (3; with --plot 20)")
    parser.add_argument("--plot", type=Path, metavar="PNG", help="draw the probabilities of one text")
    parser.add_argument(
        "--in", type=Path, dest="source", metavar="FILE", help="CSV, TSV, JSON lines or Parquet, by ending"
    )
    parser.add_argument("--out", type=Path, dest="target", metavar="FILE", help="the same rows with the answers")
    parser.add_argument("--text-column", default="text", metavar="NAME", help="the column of texts (text)")
    parser.add_argument(
        "--delimiter",
        type=one_character,
        metavar="SIGN",
        help="between the input's cells (a comma; a tab in .tsv)",
    )
    parser.add_argument("--resume", action="store_true", help="continue scoring a file after an interruption")
    parser.add_argument("--batch-size", type=int, default=64, help="texts at a time (64)")
    parser.add_argument("--model", type=Path, default=MODEL, metavar="FOLDER", help=f"the model ({MODEL})")
    parser.add_argument("--rev", help="use the model of this commit, tag, branch or experiment")
    options = parser.parse_args()
    if options.rev and options.model != MODEL:
        parser.error("--rev takes the pipeline's model of that revision; leave out --model")
    if bool(options.text) == bool(options.source) or bool(options.source) != bool(options.target):
        parser.error("give either texts, or --in and --out together")
    if options.plot and (len(options.text) != 1 or options.text == ["-"]):
        parser.error("--plot draws one text")
    if options.plot and (options.plot.suffix.lower() != ".png" or not options.plot.parent.is_dir()):
        parser.error(f"--plot writes a PNG: {options.plot} must end in .png, in a folder that is there")
    options.top = (20 if options.plot else 3) if options.top is None else options.top
    if options.top < 1 or options.batch_size < 1:
        parser.error("--top and --batch-size must be 1 or more")
    return options


def one_character(typed: str) -> str:
    """Return a delimiter as it was typed; `\\t` is a tab."""
    sign = {"\\t": "\t"}.get(typed, typed)
    if len(sign) != 1 or sign in '"\r\n' or "\ud800" <= sign <= "\udfff":
        raise argparse.ArgumentTypeError(f"{typed!r} is not one character, or stands for something else")
    return sign


def read_stdin() -> list[str]:
    """Return the lines of standard input that hold a text; none is an error."""
    lines = sys.stdin.buffer.read().decode("utf-8-sig", "surrogateescape").split("\n")
    texts = [line.removesuffix("\r") for line in lines if line.strip()]
    return texts or sys.exit("error: standard input holds no text")


def main() -> None:
    """Answer as the command line says."""
    options = parse_args()
    from textclf.inference.model import load_model
    from tools.predict import answers, score_file

    model = load_model(options.model, options.rev)
    if options.source:
        job = score_file.Job(
            options.source, options.text_column, options.target, options.batch_size, delimiter=options.delimiter
        )
        if unanswered := score_file.run(job, model, options.resume):
            print(f"{unanswered:,} rows have no answer; their column `reason` says why", file=sys.stderr)
    elif options.plot:
        answers.plot(model, options.text[0], options.plot, options.top)
    else:
        answers.show(model, read_stdin() if options.text == ["-"] else options.text, options.top)


if __name__ == "__main__":
    command.run(main)
