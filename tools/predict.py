"""Predict: what the trained classifier says of texts, `python -m tools.predict "where is my parcel?"`.

Texts on the command line, or one a line from standard input (`-`), or a file of any size (`--in`, `--out`).
"""

import argparse
import sys
from pathlib import Path

from stages.lib.errors import InputError
from stages.lib.out_of_scope import is_out, kind_of
from tools.lib import batch
from tools.lib.console import end_with_the_reader
from tools.lib.model import MODELS, Answers, Model, opened

BAR = 24  # characters


def lines(text: str, answers: Answers, row: int, top: int) -> str:
    """Return what a person reads of one answer: the text, the label or that it is out of scope, and the runners-up."""
    chances = answers.probabilities[row]
    best = chances.argsort(kind="stable")[::-1][:top]
    width = max(len(answers.labels[number]) for number in best)
    ranked = [
        f"  {answers.labels[number]:{width}}  {chances[number]:6.1%}  {'▪' * round(BAR * chances[number])}".rstrip()
        for number in best
    ]
    predicted = answers.predicted[row]
    if is_out(predicted):
        kind = kind_of(predicted)
        ranked.insert(0, f"  out of scope{f' ({kind})' if kind else ''}; if it were not:")
    return "\n".join([text, *ranked])


def say(model: Model, texts: list[str], top: int) -> None:
    """Print the answers to `texts`; one that is empty is an `InputError`."""
    for number, text in enumerate(texts, 1):
        if reason := batch.unusable(text):
            raise InputError(f"text {number} is {reason}")
    answers = model.answer(texts)
    for row, text in enumerate(texts):
        print(lines(text, answers, row, top))


def plot(model: Model, text: str, path: Path, top: int) -> None:
    """Draw the probabilities of one text's labels into `path`, a PNG."""
    from stages.charts import style

    answers = model.answer([text])
    best = answers.probabilities[0].argsort(kind="stable")[::-1][:top]
    names, chances = [answers.labels[n] for n in best], [float(answers.probabilities[0][n]) for n in best]
    predicted = answers.predicted[0]
    title = f"{text[:80]}{'…' if len(text) > 80 else ''}"
    title += f"\n{predicted.replace('_', ' ')}" if is_out(predicted) else ""
    figure, axes = style.bars(title, names, chances, "probability", style.BLUE, "{:.1%}")
    axes.title.set_parse_math(False)
    axes.set_xlim(0, 1.1)
    style.save(figure, path, dpi=110)


def parsed() -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser(prog="python -m tools.predict", description=__doc__.splitlines()[0])
    parser.add_argument("text", nargs="*", help="texts; - reads one a line from standard input")
    parser.add_argument("--top", type=int, default=3, help="labels shown, the most probable first (3)")
    parser.add_argument("--plot", type=Path, metavar="PNG", help="draw the probabilities of one text")
    parser.add_argument("--in", type=Path, dest="source", metavar="FILE", help="CSV, JSON lines or Parquet, by ending")
    parser.add_argument("--out", type=Path, dest="target", metavar="FILE", help="the same rows with the answers")
    parser.add_argument("--text-column", default="text", metavar="NAME", help="the column of texts (text)")
    parser.add_argument("--resume", action="store_true", help="go on with a file whose scoring was cut off")
    parser.add_argument("--batch-size", type=int, default=64, help="texts at a time (64)")
    parser.add_argument("--model", type=Path, default=MODELS, metavar="FOLDER", help="of the pipeline or a classifier")
    parser.add_argument("--rev", help="take the model of this commit, tag, branch or experiment")
    options = parser.parse_args()
    if bool(options.text) == bool(options.source) or bool(options.source) != bool(options.target):
        parser.error("texts, or --in and --out together, are needed")
    if options.plot and (len(options.text) != 1 or options.text == ["-"]):
        parser.error("--plot draws one text")
    if options.top < 1 or options.batch_size < 1:
        parser.error("--top and --batch-size are 1 or more")
    return options


def answer(options: argparse.Namespace, model: Model) -> None:
    """Do what the options say with `model`."""
    if options.source:
        job = batch.Job(options.source, options.text_column, options.target, options.batch_size)
        if unanswered := batch.run(job, model, options.resume):
            print(f"{unanswered:,} rows have no answer; their column `reason` says why", file=sys.stderr)
    elif options.plot:
        plot(model, options.text[0], options.plot, options.top)
    elif options.text == ["-"]:
        texts = [line for line in sys.stdin.read().splitlines() if line.strip()]
        say(model, texts, options.top) if texts else sys.exit("error: standard input holds no text")
    else:
        say(model, options.text, options.top)


def main() -> None:
    """Do what the command line says."""
    options = parsed()
    try:
        with opened(options.model, options.rev) as model:
            answer(options, model)
    except (InputError, OSError) as error:  # such as a disk that is full
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    end_with_the_reader()
    main()
