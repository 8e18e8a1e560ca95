"""Tables that are read and written a group of rows at a time."""

from pathlib import Path

import pandas as pd
import pytest

from textclf.row_groups import read_groups, write_groups


def table(rows: int) -> pd.DataFrame:
    numbers = range(rows)
    own = [None if number % 3 else f"own {number}" for number in numbers]
    ids = [list(range(number % 4 + 1)) for number in numbers]
    return pd.DataFrame({"id": [str(number) for number in numbers], "input_ids": ids, "own": own})


def test_groups_hold_the_same_rows_as_the_whole(in_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = table(10)
    whole.to_parquet("whole.parquet", index=False)
    monkeypatch.setattr("textclf.row_groups.GROUP", 3)
    write_groups(read_groups(Path("whole.parquet"), ["id", "input_ids", "own"]), Path("groups.parquet"))
    pd.testing.assert_frame_equal(pd.read_parquet("groups.parquet"), pd.read_parquet("whole.parquet"))
    assert [len(part) for part in read_groups(Path("groups.parquet"), ["id"])] == [3, 3, 3, 1]


@pytest.mark.parametrize("rows", [0, 5])
def test_one_group_has_the_bytes_of_the_whole(in_tmp: Path, rows: int) -> None:
    table(rows).to_parquet("whole.parquet", index=False)
    write_groups([table(rows)], Path("folder/groups.parquet"))
    assert Path("folder/groups.parquet").read_bytes() == Path("whole.parquet").read_bytes()


def test_a_table_without_rows_keeps_its_columns(in_tmp: Path) -> None:
    table(0).to_parquet("whole.parquet", index=False)
    (part,) = read_groups(Path("whole.parquet"), ["id", "own"])
    assert (list(part.columns), len(part)) == (["id", "own"], 0)
