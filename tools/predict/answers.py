"""Answers for a person: on the terminal, or as a picture."""

from pathlib import Path

from textclf.errors import InputError
from textclf.inference.model import Answers, Model
from textclf.oos.labels import is_out, kind_of
from tools.markdown_table import shown
from tools.predict.score_file import unusable

BAR = 24  # characters


def format_answer(text: str, answers: Answers, row: int, top: int) -> str:
    """Return one answer as lines: the text, whether it is out of scope, and the `top` labels with probabilities."""
    probabilities = answers.probabilities[row]
    best = probabilities.argsort(kind="stable")[::-1][:top]
    names = {number: shown(answers.labels[number]) for number in best}  # may hold what a terminal obeys, as a text may
    width = max(map(len, names.values()))
    ranked = []
    for number in best:
        probability = probabilities[number]
        bar = "▪" * round(BAR * probability)
        ranked.append(f"  {names[number]:{width}}  {probability:6.1%}  {bar}".rstrip())
    predicted = answers.predicted[row]
    if is_out(predicted):
        kind = kind_of(predicted)
        ranked.insert(0, f"  out of scope{f' ({shown(kind)})' if kind else ''}; nearest labels:")
    if answers.truncated[row]:
        ranked.append("  (longer than the model takes; the end was not read)")
    return "\n".join([shown(text), *ranked])


def show(model: Model, texts: list[str], top: int, batch_size: int) -> None:
    """Print the answers to `texts`, which are read `batch_size` at a time; an empty text is an `InputError`."""
    for number, text in enumerate(texts, 1):
        if reason := unusable(text):
            raise InputError(f"text {number} is {reason}")
    answers = model.predict(texts, batch_size)
    for row, text in enumerate(texts):
        print(format_answer(text, answers, row, top))


def plot(model: Model, text: str, path: Path, top: int) -> None:
    """Draw the probabilities of the text's `top` labels as a PNG."""
    from textclf.charts import style

    if reason := unusable(text):
        raise InputError(f"the text is {reason}")
    answers = model.predict([text])
    best = answers.probabilities[0].argsort(kind="stable")[::-1][:top]
    names, values = [answers.labels[n] for n in best], [float(answers.probabilities[0][n]) for n in best]
    predicted = answers.predicted[0]
    title = f"{text[:80]}{'…' if len(text) > 80 else ''}"
    title += f"\n{predicted.replace('_', ' ')}" if is_out(predicted) else ""
    most = f"probability, the {len(best)} highest of {len(answers.labels)}" if len(best) < len(answers.labels) else ""
    figure, axes = style.bars(title, names, values, most or "probability", style.BLUE, "{:.1%}")
    axes.set_xlim(0, 1.1)
    style.save(figure, path, dpi=110)
