"""Progress without a terminal: a line now and then, and none for what is quick or quiet."""

import pytest

from textclf import progress
from textclf.progress import Progress


def test_without_a_terminal_there_is_a_line_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter([0.0, 0.0, 10.0, 31.0, 40.0, 62.0])
    monkeypatch.setattr("textclf.progress.time.monotonic", lambda: next(clock))
    assert list(progress.progress("abcd", [10, 10, 10, 10], "predict", "rows")) == list("abcd")
    assert capsys.readouterr().err.splitlines() == [
        "predict: 20 of 40 rows, 1 a second, 31 s left",
        "predict: 40 of 40 rows, 1 a second, 0 s left",
    ]


def test_without_a_name_nothing_is_shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("textclf.progress.EVERY", 0.0)
    quiet = Progress("", "rows")
    quiet.add(5)
    quiet.close()
    assert capsys.readouterr().err == ""


def test_work_of_unknown_size_has_no_end() -> None:
    assert Progress("predict", "rows", done=3000, started=0.0).line(30.0) == "predict: 3,000 rows, 100 a second"
