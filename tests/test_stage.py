"""A stage's end: one sentence for a mistake, and never after its parent."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from textclf.errors import InputError


def test_a_mistake_is_one_sentence_and_not_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    def main() -> None:
        raise InputError("rows.csv is empty")

    with pytest.raises(SystemExit, match=r"^error: rows.csv is empty$"):
        stage.run(main)


def test_another_exception_keeps_its_traceback() -> None:
    def main() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        stage.run(main)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is Linux's")
def test_a_stage_ends_with_its_parent(tmp_path: Path) -> None:
    child = (
        "import os, time; from stages.lib.stage import die_with_parent; "
        "die_with_parent(); print(os.getpid(), flush=True); time.sleep(60)"
    )
    parent = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {child!r}]); time.sleep(60)"
    started = subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True)
    assert started.stdout
    number = int(started.stdout.readline())
    started.kill()
    started.communicate()
    until = time.monotonic() + 10
    while Path(f"/proc/{number}").exists():
        assert time.monotonic() < until, "it outlived its parent"
        time.sleep(0.01)
