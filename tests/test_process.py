"""A stage's end: one sentence for a mistake, and never after its parent."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors import SafetensorError

from tests.conftest import ROOT
from tests.processes import until
from textclf import process
from textclf.errors import InputError


def test_a_mistake_is_one_sentence_and_not_a_traceback() -> None:
    def main() -> None:
        raise InputError("rows.csv is empty")

    with pytest.raises(SystemExit, match=r"^error: rows.csv is empty$"):
        process.run(main)


def test_another_exception_keeps_its_traceback() -> None:
    def main() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        process.run(main)


def test_ctrl_c_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    def main() -> None:
        raise KeyboardInterrupt

    with pytest.raises(SystemExit, match="130"):
        process.run(main)
    assert capsys.readouterr().err == "interrupted; run dvc repro to resume\n"


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is Linux's")
def test_a_stage_whose_dvc_has_ended_already_does_not_start(in_tmp: Path) -> None:
    """The shell between has ended, too, so that the first process has adopted the stage."""
    stage = f"cd {ROOT} && sleep 0.5 && DVC_STAGE=split {sys.executable} -m stages.split > {in_tmp}/said 2>&1"
    subprocess.run(["sh", "-c", f"({stage}) &"], check=True)
    said = in_tmp / "said"
    until(lambda: said.exists() and said.read_text(), 30)
    assert said.read_text() == "error: the dvc process that started this stage has exited\n"


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is Linux's")
def test_a_stage_ends_with_its_parent() -> None:
    child = (
        "import os, time; from textclf.process import die_with_parent; "
        "die_with_parent(); print(os.getpid(), flush=True); time.sleep(60)"
    )
    parent = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {child!r}]); time.sleep(60)"
    started = subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True)
    assert started.stdout
    number = int(started.stdout.readline())
    started.kill()
    started.communicate()
    until(lambda: not Path(f"/proc/{number}").exists(), 10)


def test_a_stage_notes_how_long_it_took_under_dvc_alone(in_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/x/stages/split.py"])
    process.run(lambda: None)
    assert not (in_tmp / ".cache").exists()
    monkeypatch.setenv("DVC_STAGE", "split")
    process.run(lambda: None)
    assert float((in_tmp / ".cache/times/split.txt").read_text()) >= 0


def test_a_full_disk_is_one_sentence(in_tmp: Path) -> None:
    def main() -> None:
        Path("/dev/full").write_text("x" * 100_000)

    with pytest.raises(SystemExit, match="No space left on device"):
        process.run(main)


def test_a_full_disk_that_a_library_reports_by_its_own_error_is_one_sentence() -> None:
    def main() -> None:
        raise SafetensorError("I/O error: No space left on device (os error 28)")

    with pytest.raises(SystemExit, match=r"^error: I/O error: No space left on device"):
        process.run(main)


CPUINFO = Path("/proc/cpuinfo")


@pytest.mark.skipif(not CPUINFO.is_file() or " avx2 " not in CPUINFO.read_text(), reason="this processor has no AVX2")
@pytest.mark.parametrize("package", ["stages", "tools"])
def test_numpy_computes_with_the_same_kernels_on_every_processor(package: str) -> None:
    code = f"import {package}, numpy, threadpoolctl; print(threadpoolctl.threadpool_info()[0]['architecture'])"
    named = os.environ | {"OPENBLAS_CORETYPE": "Nehalem"}
    unnamed = {key: value for key, value in os.environ.items() if not key.startswith("OPENBLAS")}
    for environment in (named, unnamed):
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
        assert done.stdout == "Haswell\n", done.stderr
