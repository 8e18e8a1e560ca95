"""JSON lines: an object a line, with a key that stands twice, or one too deep, refused."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from textclf.errors import InputError

Row = dict[str, Any]


def read_rows(lines: Iterable[str], path: Path) -> Iterator[tuple[int, Row]]:
    r"""Yield the number of each line that isn't blank, and its object.

    >>> list(read_rows(['{"text": "hi"}\n', '\n', '{"text": "yo"}\n'], Path("x.jsonl")))
    [(1, {'text': 'hi'}), (3, {'text': 'yo'})]
    """
    for number, line in enumerate(lines, 1):
        if line.strip():
            row = parse(line, f"{path}: line {number}")
            if not isinstance(row, dict):
                raise InputError(f"{path}: line {number} is not a JSON object")
            yield number, row


def parse(text: str, place: str) -> Any:
    """Return the value that `text` holds, NaN as nothing, or raise `InputError`; `place` opens the message."""
    try:
        return json.loads(text, object_pairs_hook=_without_twins, parse_constant=lambda _: None)
    except _TwinError as error:
        raise InputError(f"{place} has the key {str(error)!r} twice") from None
    except RecursionError:
        raise InputError(f"{place} is nested too deeply") from None
    except ValueError as error:
        raise InputError(f"{place} is not JSON: {error}") from None


class _TwinError(Exception):
    """A key stands twice in an object."""


def _without_twins(pairs: list[tuple[str, Any]]) -> Row:
    row = dict(pairs)
    if len(row) < len(pairs):
        names = [name for name, _ in pairs]
        raise _TwinError(next(name for place, name in enumerate(names) if name in names[:place]))
    return row
