"""CSV, JSON lines and Parquet, read and written a window of rows at a time, so that memory stays flat."""

import csv
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from textclf.data.formats import MAX_CHARACTERS
from textclf.errors import InputError

Row = dict[str, Any]
ENDINGS = (".csv", ".jsonl", ".parquet")


def read_windows(path: Path, size: int) -> Iterator[list[Row]]:
    """Yield the rows of `path`, up to `size` at a time; a byte that is not UTF-8 comes as a lone surrogate."""
    if path.suffix == ".parquet":
        for batch in pq.ParquetFile(path).iter_batches(size):
            yield batch.to_pylist()
        return
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
        rows = _csv_rows(lines, path) if path.suffix == ".csv" else _json_rows(lines, path)
        while window := list(islice(rows, size)):
            yield window


def columns(path: Path) -> list[str]:
    """Return the names of the columns; those of JSON lines are the first row's."""
    if path.suffix not in ENDINGS:
        raise InputError(f"{path}: unknown ending; allowed: {', '.join(ENDINGS)}")
    try:
        if path.suffix == ".parquet":
            return [str(name) for name in pq.read_schema(path).names]
        first = next(read_windows(path, 1), None)
    except FileNotFoundError:
        raise InputError(f"{path} does not exist") from None
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(f"{path} is not readable as {path.suffix[1:]}: {error}") from None
    if first is None:
        raise InputError(f"{path} holds no rows")
    return list(first[0])


def write_rows(
    rows: list[Row], path: Path, source: Path, known: list[str], added: dict[str, pa.DataType], header: bool
) -> None:
    """Write `rows` in the format of `path`'s ending. `added` has the types of the columns that `source` doesn't have.

    CSV and Parquet have the columns `known` of the source; another one in a later row is an `InputError`.
    In a Parquet file the columns of a Parquet source keep their types, others are text. A `header` is for CSV.
    """
    names = [*known, *added]
    if path.suffix != ".jsonl" and (more := sorted({name for row in rows for name in row} - set(names))):
        raise InputError(
            f"{source}: a row has {more[0]!r}, which the first row lacks; write JSON lines (.jsonl) instead"
        )
    if path.suffix == ".parquet":
        types = {field.name: field.type for field in pq.read_schema(source)} if source.suffix == ".parquet" else {}
        schema = pa.schema([(name, types.get(name) or added.get(name) or pa.string()) for name in names])
        kept = rows if types else [{name: _plain(value, name in added) for name, value in row.items()} for row in rows]
        pq.write_table(pa.Table.from_pylist(kept, schema=schema), path)
        return
    with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        if path.suffix == ".csv":
            writer = csv.DictWriter(file, names, lineterminator="\n")
            if header:
                writer.writeheader()
            writer.writerows(rows)
        else:
            file.writelines(json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in rows)


def join_files(parts: list[Path], path: Path) -> None:
    """Write the rows of `parts`, one or more of `path`'s format, into `path`, a part at a time."""
    if path.suffix == ".parquet":
        with pq.ParquetWriter(path, pq.read_schema(parts[0])) as writer:
            for part in parts:
                writer.write_table(pq.read_table(part))
        return
    with path.open("wb") as file:
        for part in parts:
            file.write(part.read_bytes())


def _plain(value: Any, added: bool) -> Any:
    """Return a value of a text file as a text that Parquet takes; nothing stays nothing."""
    if added or value is None:
        return value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.encode("utf-8", "replace").decode("utf-8")


def _csv_rows(lines: Any, path: Path) -> Iterator[Row]:
    csv.field_size_limit(MAX_CHARACTERS)
    rows = csv.DictReader(lines, strict=True)
    try:
        for number, row in enumerate(rows, 1):
            if None in row:
                raise InputError(f"{path}: row {number} has more cells than the header")
            yield row
    except csv.Error as error:
        raise InputError(f"{path}: line {rows.line_num}: {error}; is a quote never closed?") from None


def _json_rows(lines: Any, path: Path) -> Iterator[Row]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise InputError(f"{path}: line {number} is not JSON: {error}") from None
        if not isinstance(row, dict):
            raise InputError(f"{path}: line {number} is not a JSON object")
        yield row
