"""The folder of an interrupted run is that of this very run, and only whole checkpoints count."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stages import train
from tests.conftest import ROOT
from textclf.errors import InputError
from textclf.params import Params, read_params
from textclf.training import resume
from textclf.training.resume import COMPLETE, last_checkpoint, resume_folder


@pytest.fixture
def params() -> Params:
    return read_params(ROOT / "params.yaml")


def checkpoint(step: int, whole: bool) -> Path:
    folder = Path(f"checkpoint-{step}")
    folder.mkdir()
    (folder / "model.safetensors").touch()
    if whole:
        (folder / COMPLETE).touch()
    return folder


def test_the_newest_whole_checkpoint_counts_and_a_cut_off_one_is_removed(in_tmp: Path) -> None:
    checkpoint(9, whole=True)
    checkpoint(10, whole=True)
    broken = checkpoint(100, whole=False)
    assert last_checkpoint(Path()) == Path("checkpoint-10")
    assert not broken.exists()


def test_without_a_checkpoint_the_run_starts_anew(in_tmp: Path) -> None:
    assert last_checkpoint(Path("nowhere")) is None


def test_one_process_at_a_time_holds_a_run(in_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resume, "WAIT", 0)
    folder = Path("runs/0123")
    with resume.locked(folder):
        held = "import sys; from pathlib import Path; from textclf.training import resume; resume.WAIT = 0\n"
        held += "with resume.locked(Path(sys.argv[1])): pass"
        other = subprocess.run(
            [sys.executable, "-c", held, str(folder.resolve())], cwd=ROOT, capture_output=True, text=True
        )
        assert "another process is already training this run" in other.stderr
    with resume.locked(folder):
        pass


def test_the_stage_holds_its_run_before_it_reads_anything(in_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(ROOT / "params.yaml", in_tmp)
    folder = in_tmp / "runs/0123"
    monkeypatch.setattr(train, "resume_folder", lambda params, files, threads: folder)
    monkeypatch.setattr(resume, "WAIT", 0)
    with resume.locked(folder), pytest.raises(InputError, match=r"^another process is already training this run"):
        train.main()


def test_another_parameter_input_or_code_is_another_run(in_tmp: Path, params: Params) -> None:
    file = Path("rows")
    file.write_text("a")
    first = resume_folder(params, [file], 2)
    assert resume_folder(params, [file], 2) == first
    assert resume_folder(params, [file], 1) != first
    assert resume_folder(params.model_copy(update={"lr": 0.5}), [file], 2) != first
    file.write_text("b")
    assert resume_folder(params, [file], 2) != first
