"""Check: every mistake in params.yaml and its specs is found before anything else runs."""

from pathlib import Path

import pytest

from tests.own_data import PARAMS, make_project, run_stage


@pytest.fixture
def project(in_tmp: Path) -> Path:
    return make_project(in_tmp)


def test_valid_parameters_leave_a_constant_file_and_a_comment_changes_nothing(project: Path) -> None:
    assert run_stage("check", project).returncode == 0
    before = (project / "data/checked.txt").read_bytes()
    (project / "params.yaml").write_text(PARAMS + "# a comment\n")
    assert run_stage("check", project).returncode == 0
    assert (project / "data/checked.txt").read_bytes() == before


def test_a_mistake_in_a_section_that_no_stage_reads_is_found_too(project: Path) -> None:
    (project / "params.yaml").write_text(PARAMS.replace("alpha: 16", "alpha: sixteen"))
    assert (
        run_stage("check", project).stderr == "error: params.yaml: lora.alpha = 'sixteen': should be a valid integer\n"
    )


def test_a_mistake_in_a_spec_is_found(project: Path) -> None:
    (project / "models/checkpoints/m.yaml").write_text("hub: a/b\nrevision: main\n")
    assert "models/checkpoints/m.yaml: revision: String should match pattern" in run_stage("check", project).stderr


def test_a_mistake_in_the_expectations_is_found(project: Path) -> None:
    (project / "data/robustness").mkdir()
    (project / "data/robustness/mine.yaml").write_text("exspect: []\n")
    assert run_stage("check", project).stderr == (
        "error: data/robustness/mine.yaml: unknown key exspect; allowed: expect, same, differ\n"
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("dataset: mine", "dataset: your", "dataset = 'your': no data/sources/your.yaml; allowed: mine"),
        ("model: m", "model: n", "model = 'n': no such checkpoint; allowed: m, org/name@<full commit hash>"),
        ("model: m", "model: org/name@main", "'main' is not a full commit hash"),
        ("method: full", "method: ful", "method = 'ful': should be 'full'"),
        ("  file:  ", "  file: back ", "augment.file = 'back': no data/augment/back.csv; allowed: none so far"),
        ("lr: 3e-4", "lr: fast", "lr = 'fast': should be a valid number"),
    ],
)
def test_a_mistake_is_one_sentence_without_a_traceback(project: Path, old: str, new: str, message: str) -> None:
    (project / "params.yaml").write_text(PARAMS.replace(old, new))
    done = run_stage("check", project)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: params.yaml: {message}" if "main" not in message else "error: params.yaml")
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (project / "data/checked.txt").exists()
