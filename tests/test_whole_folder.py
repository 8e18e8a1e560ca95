"""A folder that is written whole or not at all."""

from pathlib import Path

import pytest

from textclf.atomic import whole


def interrupted(folder: Path) -> None:
    with whole(folder) as part:
        (part / "two").write_text("two")
        raise KeyboardInterrupt


def test_the_new_folder_takes_the_old_ones_place(tmp_path: Path) -> None:
    for name in ("one", "two"):
        with whole(tmp_path / "out") as part:
            (part / name).write_text(name)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["two"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_after_a_failure_the_old_folder_is_as_it_was(tmp_path: Path) -> None:
    with whole(tmp_path / "out") as part:
        (part / "one").write_text("one")
    with pytest.raises(KeyboardInterrupt):
        interrupted(tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["one"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_a_killed_run_left_is_no_part_of_the_next(tmp_path: Path) -> None:
    (tmp_path / "out.part").mkdir()
    (tmp_path / "out.part" / "half").write_text("half")
    with whole(tmp_path / "out") as part:
        (part / "one").write_text("one")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["one"]
