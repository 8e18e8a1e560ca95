"""README, CONTRIBUTING, Makefile and lock files against the repository."""

import re
import subprocess
from pathlib import Path

import pandas as pd
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from ruamel.yaml import YAML

from tests.conftest import ROOT
from textclf.metrics import scores
from textclf.metrics.hf_metrics import LABEL_SCORES

README = (ROOT / "README.md").read_text()
GUIDE = (ROOT / "CONTRIBUTING.md").read_text()


def project_dependencies() -> list[Requirement]:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [Requirement(line) for line in project["dependencies"] + project["optional-dependencies"]["dev"]]


@pytest.mark.parametrize("text", [README, GUIDE], ids=["README", "CONTRIBUTING"])
def test_links_lead_somewhere(text: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert target.startswith("https://") or (ROOT / target).exists(), target


@pytest.mark.parametrize("text", [README, GUIDE], ids=["README", "CONTRIBUTING"])
def test_files_and_folders_that_are_named_exist(text: str) -> None:
    outputs = (
        "data/raw",
        "data/tokenized",
        "data/splits",
        "data/predicted",
        "models/calibration.json",
        "models/classifier",
        "models/scope",
        "plots/pictures",
        ".cache",
        "data/corpora/tickets",
        "data/sources/tickets",
    )
    for name in re.findall(r"`((?:stages|tests|tools|data|models|metrics|plots|\.cache)/[\w./-]*)`", text):
        assert name.startswith(outputs) or (ROOT / name).exists(), name


def test_make_targets_that_are_named_exist() -> None:
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in re.findall(r"`make (\w+)`", README + GUIDE):
        assert f"make {target} " in listed


def test_every_stage_has_its_row() -> None:
    for stage in YAML(typ="safe", pure=True).load(ROOT / "dvc.yaml")["stages"]:
        assert f"| [{stage}](stages/{stage}.py) |" in README


def test_every_score_has_its_definition() -> None:
    for name in [*LABEL_SCORES, scores.log_loss.__name__, scores.roc_auc.__name__, "ece"]:
        assert re.search(rf"^\|.*`{name}`.*\|.*\|$", README, re.M), name


def test_every_out_of_scope_score_has_its_definition() -> None:
    table = pd.DataFrame(
        [("a", "a", 0.1), ("out_of_scope:kind", "out_of_scope:kind", 0.9)], columns=["actual", "predicted", "score"]
    )
    for name in oos_metrics.score(table):
        assert f"`{name.replace('_kind', '_<kind>') if name == 'recall_kind' else name}`" in README, name


def test_every_dependency_is_pinned_locked_and_explained() -> None:
    table = README[README.index("| package | why |") :]
    locks = {name: (ROOT / name).read_text().splitlines() for name in ("requirements.txt", "requirements-dev.txt")}
    for requirement in project_dependencies():
        assert str(requirement.specifier).startswith("=="), requirement
        pin = f"{canonicalize_name(requirement.name)}{requirement.specifier}"
        assert pin in locks["requirements.txt"] + locks["requirements-dev.txt"], f"{pin}: make lock"
        assert re.search(rf"^\|[^|]*\b{re.escape(requirement.name)}\b[^|]*\|", table, re.M), requirement.name


def test_the_locks_pin_every_package_alike_and_hold_no_builds_tag() -> None:
    texts = [(ROOT / name).read_text() for name in ("requirements.txt", "requirements-dev.txt")]
    runtime, both = ({line for line in text.splitlines() if line and line[0] != "#"} for text in texts)
    assert runtime <= both
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", pin) for pin in both), "not a pin, or a build's tag"


def test_five_lines_of_yaml_in_the_readme_are_a_valid_spec(in_tmp: Path) -> None:
    from textclf.data.source_spec import read_source

    text = re.search(r"```yaml\n(files:.*?)```", README, re.S)
    assert text
    assert len(text[1].splitlines()) == 5
    Path("tickets.yaml").write_text(text[1])
    assert read_source("tickets", Path()).text == "message"


def test_every_method_has_its_row() -> None:
    for method in (ROOT / "stages" / "methods").glob("[a-z]*.py"):
        assert f"\n| `{method.stem}` |" in README


def test_the_continuous_integration_runs_the_readmes_command() -> None:
    assert "\nmake test\n" in (ROOT / ".ci" / "run").read_text()
    assert "- run: .ci/run" in (ROOT / ".github" / "workflows" / "test.yml").read_text()
