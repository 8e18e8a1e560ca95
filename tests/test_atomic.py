"""A file or a folder that is written whole or not at all."""

import os
import time
from pathlib import Path

import pytest

from textclf.atomic import ABANDONED, replace_file, replace_folder


def interrupted(folder: Path) -> None:
    with replace_folder(folder) as part:
        (part / "two").write_text("two")
        raise KeyboardInterrupt


def test_the_new_folder_takes_the_old_ones_place(tmp_path: Path) -> None:
    for name in ("one", "two"):
        with replace_folder(tmp_path / "out") as part:
            (part / name).write_text(name)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["two"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_after_a_failure_the_old_folder_is_as_it_was(tmp_path: Path) -> None:
    with replace_folder(tmp_path / "out") as part:
        (part / "one").write_text("one")
    with pytest.raises(KeyboardInterrupt):
        interrupted(tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["one"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_part_that_a_killed_process_of_the_same_number_left_is_in_nobodys_way(tmp_path: Path) -> None:
    left = tmp_path / f".out.{os.getpid()}.part"
    left.mkdir()
    with replace_folder(tmp_path / "out") as part:
        (part / "one").write_text("one")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["one"]
    assert left.is_dir(), "it may be that of a process on another machine"
    os.utime(left, (0, time.time() - ABANDONED - 1))
    with replace_folder(tmp_path / "out") as part:
        (part / "two").write_text("two")
    assert not left.exists()


def test_a_new_file_takes_the_old_ones_place_in_a_folder_that_is_made(tmp_path: Path) -> None:
    for text in ("one", "two"):
        with replace_file(tmp_path / "new" / "out.csv") as part:
            assert part.suffix == ".csv", "what is written may depend on the ending"
            part.write_text(text)
    assert (tmp_path / "new" / "out.csv").read_text() == "two"
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["out.csv"]


def broken_off(path: Path) -> None:
    with replace_file(path) as part:
        part.write_text("half")
        raise KeyboardInterrupt


def test_after_a_failure_the_old_file_is_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("old")
    with pytest.raises(KeyboardInterrupt):
        broken_off(tmp_path / "out")
    assert (tmp_path / "out").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
