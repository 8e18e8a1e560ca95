"""dvc.yaml against the code: each stage depends on just what it imports, reads and writes."""

import ast
import importlib
import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.conftest import ROOT
from textclf.params import Params

STAGES: dict[str, dict[str, Any]] = YAML(typ="safe", pure=True).load(ROOT / "dvc.yaml")["stages"]
CHOSEN = {"train": ("methods",), "predict": ("classifiers",)}  # folders with a module a method
SLOW = ("full", "lora")
METHODS = sorted(path.stem for path in (ROOT / "stages" / "methods").glob("*.py") if path.stem != "__init__")


def listed(stage: str, *keys: str) -> set[str]:
    entries = [entry for key in keys for entry in STAGES[stage].get(key, [])]
    return {next(iter(entry)) if isinstance(entry, dict) else entry for entry in entries}


def module_file(name: str) -> Path | None:
    path = ROOT / name.replace(".", "/")
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def imported(file: Path) -> set[Path]:
    """The project's files that `file` imports, directly or not; empty ones can't matter."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    found = {
        path for name in names if name.startswith("stages") and (path := module_file(name)) and path.stat().st_size
    }
    return found.union(*(imported(path) for path in found if path not in (file, ROOT / "stages" / "__init__.py")))


def used_code(stage: str, method: str) -> set[str]:
    """The project's files that `stage` runs with `method`."""
    files = [ROOT / "stages" / f"{stage}.py"]
    files += [ROOT / "stages" / folder / f"{method}.py" for folder in CHOSEN.get(stage, ())]
    return {str(path.relative_to(ROOT)) for file in files for path in {file} | imported(file)}


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("method", METHODS)
def test_a_stage_depends_on_the_code_that_it_imports_and_on_no_other(stage: str, method: str) -> None:
    deps = {dep.replace("${method}", method) for dep in listed(stage, "deps") if dep.endswith(".py")}
    used = used_code(stage, method)
    assert used <= deps
    surplus = deps - used - {f"stages/classifiers/{method}.py"}
    if stage != "train":
        assert surplus <= set().union(*(used_code(stage, other) for other in METHODS))
    elif method in SLOW:  # the other methods take seconds, and may depend on what they don't use
        assert surplus <= {"stages/lib/regression.py"}


def constants(stage: str) -> set[str]:
    """Paths that the stage's script names."""
    module = importlib.import_module(f"stages.{stage}")
    return {str(value) for name, value in vars(module).items() if isinstance(value, Path) and name.isupper()}


@pytest.mark.parametrize("stage", STAGES)
def test_the_paths_in_the_code_are_those_in_dvc_yaml(stage: str) -> None:
    declared = {path for path in listed(stage, "deps", "outs", "metrics", "plots") if not path.endswith(".py")}
    used = constants(stage) - {"params.yaml"}
    covered = {path for path in used if any(path == entry or entry.startswith(f"{path}/") for entry in declared)}
    assert used == covered
    assert {entry for entry in declared if not any(entry == path or entry.startswith(f"{path}/") for path in used)} == {
        entry for entry in declared if entry == "requirements.txt" and stage in ("tokenize", "predict", "evaluate")
    }


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_the_parameters_that_its_code_reads(stage: str) -> None:
    script = ROOT / "stages" / f"{stage}.py"
    files = {script} | imported(script)
    for folder in CHOSEN.get(stage, ()):
        files |= {path for method in METHODS if (path := module_file(f"stages.{folder}.{method}"))}
        files |= {path for file in tuple(files) for path in imported(file)}
    text = "".join(path.read_text() for path in files)
    read = set(re.findall(r"params(?:\(\))?\.(\w+)", text)) & set(Params.model_fields)
    read = {"split"} if stage == "split" else read  # its main passes on the one section
    params = {key.split(".")[0] for key in listed(stage, "params")}
    if "${method}" in params:
        params = params - {"${method}"} | set(METHODS)
    if stage == "download":  # the method is checked with all the parameters, see dvc.yaml
        read |= {"method"}
    assert params == read


def test_every_parameter_is_read_by_some_stage() -> None:
    read = {key.split(".")[0] for stage in STAGES for key in listed(stage, "params")} - {"${method}"}
    assert read | set(METHODS) == set(Params.model_fields)


def test_every_method_has_its_section_in_params_yaml() -> None:
    assert set(METHODS) <= set(Params.model_fields)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_is_a_module_run_from_the_root(stage: str) -> None:
    assert STAGES[stage]["cmd"] == f"python -m stages.{stage}"


@pytest.mark.parametrize("stage", STAGES)
def test_no_output_switches_the_run_cache_off(stage: str) -> None:
    assert not [entry for entry in STAGES[stage].get("outs", []) if isinstance(entry, dict)]


@pytest.mark.parametrize("stage", STAGES)
def test_lists_are_sorted(stage: str) -> None:
    for key in ("deps", "params"):
        entries = STAGES[stage][key]
        assert entries == sorted(entries)


@pytest.mark.parametrize("path", [p for p in (ROOT / "stages").rglob("*.py") if p.stat().st_size], ids=str)
def test_data_flows_one_way_and_functions_are_short(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert "tools" not in {name.split(".")[0] for name in re.findall(r"^(?:from|import) (\S+)", path.read_text(), re.M)}
    if path.parent.name == "lib":
        assert not re.search(r"^(?:from|import) stages\.(?!lib)", path.read_text(), re.M)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 40, f"{node.name} is too long"
