"""The preparation of texts: its steps in order, with what they have learned, saved beside the classifier."""

import csv
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from textclf.errors import InputError
from textclf.outputs import write_json
from textclf.preparation import cleaning, placeholders

Step = Callable[[str], str]

STEPS_FILE, WORDS_FOLDER = "steps.json", "spelling"
SPELLING = "spelling"
STEPS: dict[str, Step] = {
    "html": cleaning.strip_html,
    "unicode": cleaning.fix_unicode,
    "spaces": cleaning.single_spaces,
    "urls": cleaning.replace_urls,
    "emails": cleaning.replace_emails,
    "amounts": placeholders.replace_amounts,
    "dates": placeholders.replace_dates,
    "numbers": placeholders.replace_numbers,
}


@dataclass(frozen=True)
class Preparation:
    """Named steps that turn a raw text into the text that is tokenized; none leave it as it is.

    >>> Preparation(("html", "numbers"), (cleaning.strip_html, placeholders.replace_numbers))(["<b>4</b> cards"])
    [' number  cards']
    """

    names: tuple[str, ...]
    steps: tuple[Step, ...]

    def __call__(self, texts: Iterable[str]) -> list[str]:
        """Return the texts after all steps."""
        prepared = list(texts)
        for step in self.steps:
            prepared = [step(text) for text in prepared]
        return prepared


def fit(
    names: Sequence[str], training: Iterable[str], language: str | None, vocabulary: Iterable[str], folder: Path
) -> None:
    """Write the preparation by the steps `names` into `folder`, for `load`.

    Only `spelling` learns: from the raw texts of the training rows after the steps before it, from the list of a
    `language`, and from a tokenizer's `vocabulary`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / STEPS_FILE, list(names))
    if SPELLING in names:
        from textclf.preparation import words

        before = tuple(names[: list(names).index(SPELLING)])
        prepared = Preparation(before, tuple(STEPS[name] for name in before))(training)
        (folder / WORDS_FOLDER).mkdir(exist_ok=True)
        words.learn(prepared, language, words.whole_words(vocabulary)).save(folder / WORDS_FOLDER)


def load(folder: Path) -> Preparation:
    """Return the preparation in `folder`; `InputError` if it is none."""
    try:
        names = json.loads((folder / STEPS_FILE).read_text(encoding="utf-8"))
        if not isinstance(names, list):
            raise TypeError(names)
        steps = tuple(_spelling(folder) if name == SPELLING else STEPS[name] for name in names)
    except (OSError, ValueError, KeyError, TypeError, csv.Error):
        raise InputError(f"{folder} is no preparation of texts; rebuild the model") from None
    return Preparation(tuple(names), steps)


def _spelling(folder: Path) -> Step:
    from textclf.preparation import spelling, words  # imports symspellpy

    corrector = spelling.Spelling(words.load(folder / WORDS_FOLDER))
    corrector.warm_up()
    return corrector
