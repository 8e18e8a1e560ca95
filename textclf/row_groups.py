"""Tables that need not be in memory as a whole: Parquet files that are read and written a group of rows at a time."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from textclf.outputs import ensure_parent

GROUP = 20_000  # rows


def read_groups(path: Path, columns: list[str]) -> Iterator[pd.DataFrame]:
    """Yield the columns of at most `GROUP` rows after the other; a table without rows is one without rows."""
    file = pq.ParquetFile(path)
    if not file.metadata.num_rows:
        yield file.read(columns).to_pandas()
    for batch in file.iter_batches(GROUP, columns=columns):
        yield batch.to_pandas()


def write_groups(parts: Iterable[pd.DataFrame], path: Path) -> None:
    """Write tables of the same columns, one or more, as one file; the first has a value in each column if any has.

    One table gives the bytes that `to_parquet(path, index=False)` gives.
    """
    writer: pq.ParquetWriter | None = None
    for part in parts:
        table = pa.Table.from_pandas(part, schema=writer and writer.schema, preserve_index=False)
        writer = writer or pq.ParquetWriter(ensure_parent(path), table.schema)
        writer.write_table(table)
    if writer:
        writer.close()
