"""Arrow columns that Python can't hold."""

from typing import Any

import pyarrow as pa


def plain_times(column: Any) -> Any:
    """Return an Arrow column with times of day as text, inside lists and structs too: Python has no nanoseconds."""
    kind = _plain(column.type)
    return column if kind == column.type else column.cast(kind)


def _plain(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_time64(kind):
        return pa.string()
    if pa.types.is_struct(kind):
        fields = [kind.field(number) for number in range(kind.num_fields)]
        return pa.struct([(field.name, _plain(field.type)) for field in fields])
    if pa.types.is_list(kind):
        return pa.list_(_plain(kind.value_type))
    return kind
