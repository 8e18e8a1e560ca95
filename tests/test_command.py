"""How every tool starts and ends: --help at once, a mistake in one line, a quiet end where nobody reads on."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.processes import until
from textclf.errors import InputError
from tools import command
from tools.processes import start_command

STARTED = {"arms.py", "setfit_child.py"}  # which other tools start
TOOLS = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__main__")
    for path in (ROOT / "tools").rglob("*.py")
    if '\nif __name__ == "__main__":\n' in path.read_text() and path.name not in STARTED
)
HEAVY = {"torch", "transformers", "pandas", "dvc", "sklearn"}


def python(code: str) -> "subprocess.CompletedProcess[str]":
    """Run `code` in a process of its own, as a tool runs."""
    lines = f"from tools import command\nfrom textclf.errors import InputError\n{code}"
    return subprocess.run([sys.executable, "-c", lines], cwd=ROOT, capture_output=True, text=True)


def test_every_tool_is_found() -> None:
    commands = {"bench", "bench.growth", "errors", "export", "predict", "publish", "recipe", "review", "serve"}
    commands |= {
        "bench.training",
        "bench.preparation",
        "few_labels",
        "oos_scores",
        "sweep",
        "teach",
        "data_curve",
        "ensemble",
    }
    commands |= {"audit", "audit.effect", "audit.planted", "select", "select.intents", "select.replay"}
    assert {f"tools.{name}" for name in commands | {"deps", "machine_note", "plots_page", "stage_times"}} == set(TOOLS)


@pytest.mark.parametrize("tool", TOOLS)
def test_help_is_answered_before_anything_heavy_is_imported(tool: str) -> None:
    timed = [sys.executable, "-X", "importtime", "-m", tool, "--help"]
    done = subprocess.run(timed, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"usage: python -m {tool} ")
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "argparse" in imported
    assert not imported & HEAVY


@pytest.mark.parametrize("tool", TOOLS)
def test_an_unknown_option_is_one_line_after_the_usage(tool: str) -> None:
    done = subprocess.run([sys.executable, "-m", tool, "--nonsense"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith(f"python -m {tool}: error: ")


def test_an_option_is_not_guessed_from_its_beginning(capsys: pytest.CaptureFixture[str]) -> None:
    parser = command.parser("x", "Do it.\n\nMore, which --help leaves out.")
    parser.add_argument("--public", action="store_true")
    with pytest.raises(SystemExit):
        parser.parse_args(["--pub"])
    assert "unrecognized arguments: --pub" in capsys.readouterr().err
    assert "Do it." in parser.format_help()
    assert "More" not in parser.format_help()


def raising(error: BaseException) -> Callable[[], None]:
    def main() -> None:
        raise error

    return main


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (InputError("params.yaml: lr is missing"), "error: params.yaml: lr is missing"),
        (OSError(28, "No space left on device"), "error: [Errno 28] No space left on device"),
        (FileNotFoundError(2, "No such file or directory", "x"), "error: [Errno 2] No such file or directory: 'x'"),
    ],
)
def test_a_mistake_or_a_full_disk_is_one_line(error: Exception, message: str) -> None:
    with pytest.raises(SystemExit) as end:
        command.run(raising(error))
    assert end.value.code == message


def test_another_error_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        command.run(raising(ZeroDivisionError()))


def test_a_mistakes_line_is_on_standard_error_and_the_exit_code_is_1() -> None:
    done = python("def main(): raise InputError('no text')\ncommand.run(main)")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "error: no text\n")


def test_an_interruption_is_one_word_and_exit_code_130() -> None:
    done = python("def main(): raise KeyboardInterrupt\ncommand.run(main)")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted\n")


@pytest.mark.parametrize("lines", [1, 100_000], ids=["in the last flush", "while printing"])
def test_a_reader_that_has_read_enough_is_no_error(lines: int) -> None:
    code = f"from tools import command\ncommand.run(lambda: print(*range({lines}), sep='\\n'))"
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stderr
        if lines > 1:
            assert process.stdout.readline() == b"0\n"
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


def test_a_tool_whose_reader_has_gone_is_quiet(tmp_path: Path) -> None:
    said = tmp_path / "stderr"
    line = f"{sys.executable} -m tools.recipe --list 2> {said} | true"
    subprocess.run(line, cwd=ROOT, shell=True, check=True)
    assert said.read_text() == ""


@pytest.mark.parametrize("arguments", [["errors", "--html"], ["review", "--out"], ["select", "--out"]], ids=str)
def test_a_folder_in_place_of_a_file_is_said_before_any_work(arguments: list[str]) -> None:
    command = [sys.executable, "-m", f"tools.{arguments[0]}", arguments[1], "data"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.endswith(f"error: argument {arguments[1]}: data is a folder; name a file\n")


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is Linux's")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=str)
def test_a_command_that_a_tool_has_started_ends_when_the_tool_is_killed(number: signal.Signals) -> None:
    child = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    code = (
        "import sys; from tools.processes import start_command\n"
        f"with start_command([sys.executable, '-c', {child!r}]) as process: process.wait()"
    )
    tool = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert tool.stdout
    started = int(tool.stdout.readline())
    tool.send_signal(number)
    tool.communicate()
    until(lambda: not Path(f"/proc/{started}").exists(), 10)


def test_a_command_has_the_time_to_clean_up_after_ctrl_c(tmp_path: Path) -> None:
    child = (
        "import time\n"
        "try: print('started', flush=True); time.sleep(60)\n"
        f"except KeyboardInterrupt: time.sleep(1); open({str(tmp_path / 'clean')!r}, 'w')"
    )
    code = (
        "import sys; from tools.processes import start_command\n"
        f"with start_command([sys.executable, '-c', {child!r}]) as process: process.wait()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as tool:
        assert tool.stdout
        tool.stdout.readline()
        os.killpg(tool.pid, signal.SIGINT)
    assert (tmp_path / "clean").exists()


def test_a_command_that_is_not_there_is_one_sentence() -> None:
    with pytest.raises(InputError, match=r"^no-such-program is not on the PATH"), start_command(["no-such-program"]):
        pass
