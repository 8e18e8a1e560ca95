"""CSV, JSON lines and Parquet, read a window of rows at a time, so that memory stays flat."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from textclf.data import delimited, json_lines
from textclf.data.arrow import plain_times
from textclf.data.json_lines import Row
from textclf.data.names import repeated
from textclf.data.text_files import open_text
from textclf.errors import InputError

ENDINGS = ("csv", "tsv", "jsonl", "parquet")


@dataclass(frozen=True)
class Window:
    """Rows of a file: as objects, or as a `batch` with types if the file is Parquet."""

    parsed: list[Row]
    batch: pa.RecordBatch | None = None

    @cached_property
    def rows(self) -> list[Row]:
        """The rows as objects; `InputError` for a value that Python can't hold."""
        if self.batch is None:
            return self.parsed
        values = {name: self.values(name) for name in self.batch.schema.names}
        return [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]

    @property
    def size(self) -> int:
        """The number of rows."""
        return len(self.parsed) if self.batch is None else self.batch.num_rows

    def values(self, name: str) -> list[Any]:
        """Return the values of a column, None where a row lacks it."""
        if self.batch is None:
            return [row.get(name) for row in self.parsed]
        try:
            values: list[Any] = plain_times(self.batch.column(name)).to_pylist()
        except (OverflowError, ValueError) as error:
            raise InputError(f"column {name!r} has a value that only .parquet can hold: {error}") from None
        return values


def format_of(path: Path, packed: bool = False) -> str:
    """Return the format that the ending of `path` names, in either case; `packed` allows .gz after it, for text.

    >>> format_of(Path("a/Mine.CSV")), format_of(Path("mine.jsonl.gz"), packed=True)
    ('csv', 'jsonl')
    """
    name = path.name.lower()
    ending = name.removesuffix(".gz" if packed else "").rpartition(".")[2]
    ending = {"ndjson": "jsonl"}.get(ending, ending)
    if ending not in ENDINGS or (ending == "parquet" and name.endswith(".gz")):
        more = ", .csv.gz, .tsv.gz, .jsonl.gz" if packed else ""
        raise InputError(f"{path}: unknown ending; allowed: {', '.join(f'.{known}' for known in ENDINGS)}{more}")
    return ending


def read_windows(path: Path, size: int, delimiter: str | None = None) -> Iterator[Window]:
    """Yield the rows of `path`, up to `size` at a time; a byte that is not UTF-8 comes as a lone surrogate.

    Raises `InputError` with the line of what can't be read.
    """
    kind = format_of(path, packed=True)
    with readable(path, kind):
        if kind == "parquet":
            for batch in pq.ParquetFile(path).iter_batches(size):
                yield Window([], batch)
            return
        with open_text(path, newline="\n" if kind == "jsonl" else "", errors="surrogateescape") as lines:
            rows = _json_rows(lines, path) if kind == "jsonl" else _cells(lines, path, delimiter)
            while window := list(islice(rows, size)):
                yield Window(window)


def columns(path: Path, delimiter: str | None = None) -> list[str]:
    """Return the names of the columns; those of JSON lines are the first row's. A file without rows is refused."""
    kind = format_of(path, packed=True)
    with readable(path, kind):
        if kind == "parquet":
            if not pq.read_metadata(path).num_rows:
                raise InputError(f"{path} holds no rows")
            names = [str(name) for name in pq.read_schema(path).names]
            if (twice := repeated(names)) is not None:
                raise InputError(f"{path}: two columns are called {twice!r}; rename one")
            return names
        first = next(read_windows(path, 1, delimiter), None)
    if first is None:
        raise InputError(f"{path} holds no rows")
    return list(first.parsed[0])


@contextmanager
def readable(path: Path, kind: str) -> Iterator[None]:
    """Turn what goes wrong while `path` is read into an `InputError`."""
    try:
        yield
    except FileNotFoundError:
        raise InputError(f"{path} does not exist") from None
    except (pa.ArrowException, OSError, EOFError, zlib.error) as error:  # the last two: a .gz that was cut off
        raise InputError(f"{path} is not readable as {kind}: {' '.join(str(error).split())}") from None


def _cells(lines: Any, path: Path, delimiter: str | None) -> Iterator[Row]:
    rows = delimited.read_rows(lines, path, delimited.dialect_of(path, delimiter))
    _, header = next(rows, (0, []))
    yield from (dict(zip(header, cells, strict=True)) for _, cells in rows)


def _json_rows(lines: Any, path: Path) -> Iterator[Row]:
    yield from (row for _, row in json_lines.read_rows(lines, path))
