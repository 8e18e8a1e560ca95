"""The labels of out-of-scope rows: one for all, or one for each kind."""

from collections.abc import Iterable

OUT_OF_SCOPE = "out_of_scope"


def out_label(kind: str = "") -> str:
    """Return the label of out-of-scope rows of `kind`, or of those without a kind.

    >>> out_label(), out_label("gibberish")
    ('out_of_scope', 'out_of_scope:gibberish')
    """
    return f"{OUT_OF_SCOPE}:{kind}" if kind else OUT_OF_SCOPE


def is_out(label: str) -> bool:
    """Return whether `label` is that of out-of-scope rows.

    >>> is_out("out_of_scope:gibberish"), is_out("refund")
    (True, False)
    """
    return label.partition(":")[0] == OUT_OF_SCOPE


def kind_of(label: str) -> str:
    """Return the kind that an out-of-scope label names, empty if none.

    >>> kind_of("out_of_scope:gibberish")
    'gibberish'
    """
    return label.partition(":")[2]


def in_scope(labels: Iterable[str]) -> list[str]:
    """Return the in-scope labels, in their order."""
    return [label for label in labels if not is_out(label)]
