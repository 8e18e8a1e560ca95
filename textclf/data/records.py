"""CSV files that people write by hand: each row as a mapping, with its line for messages."""

from pathlib import Path

from textclf.data.delimited import Dialect, read_rows
from textclf.data.text_files import open_text, require_utf8

Record = tuple[int, dict[str, str]]


def read_records(path: Path) -> tuple[list[str], list[Record]]:
    """Return the header of a CSV file, and for each row its line and its cells by column.

    Raises `InputError` for bytes that are not UTF-8, and as `read_rows` does. An empty file has no columns.
    """
    require_utf8(path)
    with open_text(path, newline="") as lines:
        rows = read_rows(lines, path, Dialect(",", quoted=True))
        _, header = next(rows, (1, []))
        return header, [(line, dict(zip(header, cells, strict=True))) for line, cells in rows]
