"""What a label is called in plain words: the description in the source spec, or its name."""

import difflib
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping

from textclf.data.leaks import same_text
from textclf.data.row_labels import fault_of
from textclf.data.visible import visible
from textclf.errors import InputError
from textclf.oos.labels import in_scope


def label_words(label: str) -> str:
    """Return the words of a label's name.

    >>> label_words("Refund_not_showing_up"), label_words("orderStatus"), label_words("music/likeness-3")
    ('Refund not showing up', 'order Status', 'music likeness 3')
    """
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", visible(label))
    # Vowel signs and accents are marks, not letters, and belong to the word.
    signs = (sign if sign.isalnum() or unicodedata.category(sign).startswith("M") else " " for sign in apart)
    return " ".join("".join(signs).split())


def label_texts(labels: list[str], descriptions: Mapping[str, str]) -> dict[str, str]:
    """Return a text for each of `labels`, by label: its description, or the words of its name."""
    return {label: descriptions.get(label) or label_words(label) for label in labels}


def check_described(described: Iterable[str], labels: Collection[str], may_add: bool) -> None:
    """Raise `InputError` for a label that the spec's descriptions name and that none of `labels` is.

    With `may_add` they may name new labels, unless one looks like another label, in whatever case.
    """
    known = {same_text(label): label for label in sorted(labels)}
    for label in sorted(set(described) - set(labels)):
        alike = known.get(same_text(label))
        if alike or not may_add:
            close = [alike] if alike else difflib.get_close_matches(label, in_scope(known.values()), n=1)
            show = ascii if alike else repr
            hint = f"; did you mean {show(close[0])}?" if close else ""
            raise InputError(f"the spec's descriptions name {show(label)}, which is no label of the rows{hint}")
        fault = fault_of(label) or ": the label has blanks around it" * (label != label.strip())
        if fault:
            raise InputError(f"the spec's description of {label!a:.60}{fault}")
        known[same_text(label)] = label
