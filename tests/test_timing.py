"""Timing a classifier; this file imports little, as its processes import it too."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.processes import processes, until
from tools.timing import Labeler, time_labelers

TEXTS = ["where is my parcel?", "refund", "hello there"]


def shouting() -> Labeler:
    return lambda texts: [text.upper() for text in texts]


def test_what_is_measured_answers_in_a_process_of_its_own() -> None:
    (found,) = time_labelers({"shouting": shouting}, TEXTS).values()
    assert found.labels == [text.upper() for text in TEXTS]
    assert found.speed["rows_per_second"] > 0
    assert 0 <= found.speed["p50_ms"] <= found.speed["p95_ms"]


def slow() -> Labeler:
    Path("started").write_text("")
    return lambda texts: [time.sleep(60) or text for text in texts]  # type: ignore[func-returns-value]


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is Linux's")
def test_its_processes_end_with_it_however_it_ends(in_tmp: Path) -> None:
    code = f"import sys; sys.path[:0] = {sys.path!r}; from tests.test_timing import slow, time_labelers, TEXTS; "
    code += 'time_labelers({"one": slow, "two": slow}, TEXTS)'
    script = in_tmp / "run.py"
    script.write_text(f"if __name__ == '__main__':\n    {code}\n")
    started = subprocess.Popen([sys.executable, str(script)])
    until(Path("started").exists, 30)
    started.kill()
    started.wait()
    until(lambda: not processes(in_tmp, "spawn_main"), 30)
