"""The seconds of the stages: as they were noted, and as a command of dvc tells of them."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from textclf.process import TIMES
from tools import stage_times

DVC = """
import time
for line in ("Verifying data", "Running stage 'one':", "> python", "Updating lock file", "Running stage 'two':", "> x"):
    print(line)
    time.sleep(0.05)
"""


def test_the_last_times_are_listed_in_the_order_of_dvc_yaml(in_tmp: Path, typed: Callable[..., str]) -> None:
    Path("dvc.yaml").write_text("stages: {two: {cmd: x}, never: {cmd: x}, one: {cmd: x}}")
    assert "no stage has run here yet; dvc repro, or --run" in typed(stage_times.main, in_tmp, fails=True)
    TIMES.mkdir(parents=True)
    for stage, seconds in (("one", "1.2"), ("two", "3.0"), ("removed", "9.0")):
        (TIMES / f"{stage}.txt").write_text(f"{seconds}\n")
    printed = typed(stage_times.main, in_tmp)
    assert printed.splitlines()[2:] == ["| two | 3.0 |", "| one | 1.2 |"]


def test_each_stage_that_dvc_runs_is_timed_and_its_output_passed_on(capsys: pytest.CaptureFixture[str]) -> None:
    seconds = stage_times.run_timed([sys.executable, "-c", DVC])
    assert list(seconds) == ["one", "two"]
    assert all(0.05 < value < 5 for value in seconds.values())
    assert capsys.readouterr().out.splitlines()[1:3] == ["Running stage 'one':", "> python"]


def test_a_command_that_fails_ends_it_with_its_exit_code() -> None:
    with pytest.raises(SystemExit) as end:
        stage_times.run_timed([sys.executable, "-c", "raise SystemExit(3)"])
    assert end.value.code == 3
