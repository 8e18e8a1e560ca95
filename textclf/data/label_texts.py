"""What a label is called in plain words: the description in the source spec, or its name."""

import re
from collections.abc import Mapping


def label_words(label: str) -> str:
    """Return the words of a label's name.

    >>> label_words("Refund_not_showing_up"), label_words("orderStatus"), label_words("music/likeness-3")
    ('Refund not showing up', 'order Status', 'music likeness 3')
    """
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", label)
    return " ".join(re.sub(r"[\W_]+", " ", apart).split())


def label_texts(labels: list[str], descriptions: Mapping[str, str]) -> dict[str, str]:
    """Return a text for each of `labels`, by label: its description, or the words of its name."""
    return {label: descriptions.get(label) or label_words(label) for label in labels}
