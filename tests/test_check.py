"""Check: every mistake in params.yaml and its specs is found before anything else runs."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

PARAMS = (ROOT / "params.yaml").read_text().replace("shop_support", "mine").replace("all-MiniLM-L6-v2", "m")


def check(project: Path) -> "subprocess.CompletedProcess[str]":
    environment = {"PYTHONPATH": str(ROOT), "PATH": ""}
    command = [sys.executable, "-m", "stages.check"]
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True)


@pytest.fixture
def project(in_tmp: Path) -> Path:
    (in_tmp / "data/sources").mkdir(parents=True)
    (in_tmp / "data/sources/mine.yaml").write_text("files:\n  all: all.csv\ntext: text\nlabel: label\n")
    (in_tmp / "models/checkpoints").mkdir(parents=True)
    (in_tmp / "models/checkpoints/m.yaml").write_text("folder: m\n")
    (in_tmp / "params.yaml").write_text(PARAMS)
    return in_tmp


def test_valid_parameters_leave_a_constant_file_and_a_comment_changes_nothing(project: Path) -> None:
    assert check(project).returncode == 0
    before = (project / "data/checked.txt").read_bytes()
    (project / "params.yaml").write_text(PARAMS + "# a comment\n")
    assert check(project).returncode == 0
    assert (project / "data/checked.txt").read_bytes() == before


def test_a_mistake_in_a_section_that_no_stage_reads_is_found_too(project: Path) -> None:
    (project / "params.yaml").write_text(PARAMS.replace("alpha: 16", "alpha: sixteen"))
    assert check(project).stderr == "error: params.yaml: lora.alpha = 'sixteen': should be a valid integer\n"


def test_a_mistake_in_a_spec_is_found(project: Path) -> None:
    (project / "models/checkpoints/m.yaml").write_text("folder: m\nrevision: main\n")
    assert "models/checkpoints/m.yaml: revision: String should match pattern" in check(project).stderr


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("dataset: mine", "dataset: your", "dataset = 'your': no data/sources/your.yaml; allowed: mine"),
        ("model: m", "model: n", "model = 'n': no such checkpoint; allowed: m, org/name@<full commit hash>"),
        ("model: m", "model: org/name@main", "'main' is not a full commit hash"),
        ("method: full", "method: ful", "method = 'ful': should be 'full'"),
        ("lr: 2e-4", "lr: fast", "lr = 'fast': should be a valid number"),
    ],
)
def test_a_mistake_is_one_sentence_without_a_traceback(project: Path, old: str, new: str, message: str) -> None:
    (project / "params.yaml").write_text(PARAMS.replace(old, new))
    done = check(project)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: params.yaml: {message}" if "main" not in message else "error: params.yaml")
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (project / "data/checked.txt").exists()
