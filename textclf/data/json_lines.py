"""JSON lines: an object a line, with a key that stands twice, or one too deep, refused."""

import json
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from textclf.data.names import repeated
from textclf.errors import InputError

Row = dict[str, Any]
ESCAPED = {place: f"\\u{place:04x}" for place in (0x85, 0x2028, 0x2029)}  # line ends for many programs


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
    if (twice := repeated(name for name, _ in pairs)) is not None:
        raise _TwinError(twice)
    return dict(pairs)


def to_json(value: Any) -> str:
    r"""Return a value as one line of JSON that any program reads back; a number that JSON doesn't have is null.

    >>> to_json({"text": "a\u2028b", "note": "\ud83d", "shares": [float("nan")]})
    '{"text": "a\\u2028b", "note": "\\ud83d", "shares": [null]}'
    """
    finite = _finite(value)
    text = json.dumps(finite, ensure_ascii=False, default=str).translate(ESCAPED)
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return json.dumps(finite, default=str)
    return text


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    return [_finite(inner) for inner in value] if isinstance(value, list) else value
