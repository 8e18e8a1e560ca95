"""Names that must differ: of columns, of keys, of labels."""

from collections.abc import Iterable


def repeated(names: Iterable[str]) -> str | None:
    """Return the first name that stood there before, or None.

    >>> repeated(["text", "label", "text"]), repeated(["text", "label"])
    ('text', None)
    """
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None
