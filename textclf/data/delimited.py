"""Delimited text: the cells of each row, with a row that is wider or narrower than the header refused."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from textclf.data.names import repeated
from textclf.errors import InputError

MAX_CHARACTERS = 1_000_000  # of a cell
DELIMITERS = (",", ";", "\t", "|")


class Dialect(NamedTuple):
    """What stands between the cells, and whether quotes can enclose one."""

    delimiter: str
    quoted: bool


def dialect_of(path: Path, delimiter: str | None = None) -> Dialect:
    """Return the dialect that the ending of `path` suggests: tabs for .tsv, and quotes mean something in .csv alone."""
    ending = path.name.lower().removesuffix(".gz").rpartition(".")[2]
    return Dialect(delimiter or ("\t" if ending == "tsv" else ","), quoted=ending not in ("tsv", "txt"))


def read_rows(
    lines: Iterable[str], path: Path, dialect: Dialect, names: Sequence[str] | None = None
) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of the line where a row begins, and its cells; the first row is the header, or `names`.

    `lines` come from a file that was opened with `newline=""`. A blank line is a row where there is one column, and
    skipped elsewhere. Raises `InputError` for a row of another width, a name that stands twice in the header, an
    unclosed quote and an enormous cell.

    >>> list(read_rows(["text,label\\n", '"a\\n', 'b",x\\n', "c,y\\n"], Path("x.csv"), Dialect(",", True)))
    [(1, ['text', 'label']), (2, ['a\\nb', 'x']), (4, ['c', 'y'])]
    """
    rows = _cells(lines, path, dialect)
    header = list(names) if names else next((cells for _, cells in rows if cells), [])
    if any("\0" in name or name.startswith(("\udcff\udcfe", "\udcfe\udcff")) for name in header):
        raise InputError(f"{path} looks like UTF-16; save the file as UTF-8")
    if (twice := repeated(header)) is not None:
        raise InputError(f"{path}: two columns are called {twice!r}; rename one")
    if header:
        yield 1, header
    for line, cells in rows:
        if not cells and len(header) > 1:
            continue
        if len(cells or [""]) != len(header):
            raise InputError(f"{path}: line {line} has {_width(cells, header, names)}{_hint(header, dialect)}")
        yield line, cells or [""]


def _cells(lines: Iterable[str], path: Path, dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(MAX_CHARACTERS)
    options: dict[str, Any] = {} if dialect.quoted else {"quoting": csv.QUOTE_NONE}
    reader = csv.reader(lines, delimiter=dialect.delimiter, strict=True, **options)
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        cause = f"a cell has more than {MAX_CHARACTERS:,} characters" if "field limit" in str(error) else error
        raise InputError(f"{path}: line {line}: {cause}; is a quote never closed?") from None


def _width(cells: list[str], header: list[str], names: Sequence[str] | None) -> str:
    has = f"{len(cells)} cell{'s' * (len(cells) != 1)}"
    if names:
        return f"{has}, and `columns` in the source spec names {len(header)}"
    listed = ", ".join(map(repr, header[:5])) + ", …" * (len(header) > 5)
    return f"{has}, and the header {len(header)} ({listed}); put a cell that holds a delimiter in quotes"


def _hint(header: list[str], dialect: Dialect) -> str:
    """Return what to do about a header that seems to have another delimiter."""
    return suggestion(header[0]) if len(header) == 1 and dialect.delimiter not in header[0] else ""


def suggestion(header: str) -> str:
    """Return a half sentence that names the delimiter which `header`, one cell, seems to have; else nothing.

    >>> suggestion("text;label")
    '; the header suggests delimiter: ";"'
    """
    found = [delimiter for delimiter in DELIMITERS if delimiter in header]
    written = {"\t": '"\\t"'}.get(found[0], f'"{found[0]}"') if found else ""
    return f"; the header suggests delimiter: {written}" if found else ""
