"""dvc.yaml against the code: each stage depends on just the code, packages, data and parameters that it uses."""

import ast
import importlib
import re
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from ruamel.yaml import YAML

from stages import train
from tests.conftest import ROOT
from textclf.params import Params, read_params
from tools import deps

STAGES: dict[str, dict[str, Any]] = YAML(typ="safe", pure=True).load(ROOT / "dvc.yaml")["stages"]
METHODS = sorted(path.stem for path in (ROOT / "textclf" / "methods").glob("[a-z]*.py"))


@pytest.fixture(autouse=True)
def in_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def listed(stage: str, *keys: str) -> set[str]:
    entries = [entry for key in keys for entry in STAGES[stage].get(key, [])]
    return {next(iter(entry)) if isinstance(entry, dict) else entry for entry in entries}


def data_deps(stage: str) -> set[str]:
    """The stage's deps that are neither code nor packages."""
    return {dep for dep in listed(stage, "deps") if not dep.startswith(("stages", "textclf", "requirements"))}


def test_code_and_packages_are_as_make_deps_writes_them() -> None:
    for path, text in deps.stage_files().items():
        assert path.read_text() == text, f"{path} is stale: make deps"
    files = {path.name for path in deps.stage_files() if path.parent.name == "requirements"}
    assert {path.name for path in Path("requirements").iterdir()} == files | {"cluster.txt", "serve.txt"}


def test_code_that_can_only_stop_a_run_is_no_dependency_and_hides_none() -> None:
    for stage in STAGES:
        assert not listed(stage, "deps") & set(deps.NO_DEPS)
    for file in set(deps.NO_DEPS) - {"textclf/__init__.py"}:  # which imports `FIRST`, and more when `load` is called
        inside = {str(found) for name in deps.imported_names(Path(file)) for found in deps.module_files(name)}
        assert {path for path in inside if Path(path).stat().st_size} <= set(deps.NO_DEPS), file


def test_a_stage_has_the_modules_of_the_chosen_method_alone() -> None:
    assert "textclf/methods/${method}.py" in listed("train", "deps")
    assert "textclf/classifiers/${method}.py" in listed("train", "deps") & listed("predict", "deps")
    for stage in STAGES:
        for folder in deps.BY_METHOD:
            assert not listed(stage, "deps") & {f"{folder}/{method}.py" for method in METHODS}


def test_no_module_of_a_method_needs_that_of_another_one_which_no_stage_would_depend_on() -> None:
    others = {f"{folder}/{method}.py" for folder in deps.BY_METHOD for method in METHODS}
    for file in others:
        method = Path(file).stem
        if Path(file).is_file():
            needed = {str(found) for name in deps.imported_names(Path(file)) for found in deps.module_files(name)}
            assert not {found for found in needed & others if Path(found).stem != method}, file


def test_an_interrupted_training_is_resumed_only_if_nothing_has_changed_that_train_depends_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resume_folder = Mock(side_effect=InterruptedError)
    (tmp_path / "steps.json").touch()
    monkeypatch.setattr(train, "PREPARATION", tmp_path)
    monkeypatch.setattr(train, "resume_folder", resume_folder)
    with pytest.raises(InterruptedError):
        train.main()
    params, files, _ = resume_folder.call_args.args
    assert params == read_params()
    needed = {dep.replace("${method}", params.method) for dep in listed("train", "deps")} - {"data/preparation"}
    assert needed | {str(tmp_path / "steps.json")} <= {str(file) for file in files}


def test_every_stage_depends_on_the_environment_that_the_package_sets() -> None:
    assert all("textclf/environment.py" in listed(stage, "deps") for stage in STAGES)


def test_a_package_that_is_imported_is_pinned_for_the_stage() -> None:
    for stage, package in [
        ("split", "pyarrow"),
        ("oos", "scikit-learn"),
        ("calibrate", "scipy"),
        ("train", "tokenizers"),
    ]:
        assert re.search(f"^{package}==", Path(f"requirements/{stage}.txt").read_text(), re.M), f"{stage}: {package}"
    assert "torch==" not in Path("requirements/evaluate.txt").read_text()


def constants(stage: str) -> set[str]:
    """Paths that the stage's script names."""
    module = importlib.import_module(f"stages.{stage}")
    return {str(value) for name, value in vars(module).items() if isinstance(value, Path) and name.isupper()}


@pytest.mark.parametrize("stage", STAGES)
def test_the_paths_in_the_code_are_those_in_dvc_yaml(stage: str) -> None:
    declared = data_deps(stage) | listed(stage, "outs", "metrics", "plots")
    used = constants(stage) - {f"requirements/{stage}.txt"} - ({"params.yaml"} if stage != "check" else set())
    assert used == {path for path in used if any(entry == path or entry.startswith(f"{path}/") for entry in declared)}
    assert all(any(entry == path or entry.startswith(f"{path}/") for path in used) for entry in declared)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_the_parameters_that_its_code_reads(stage: str) -> None:
    text = "".join(path.read_text() for path in deps.stage_imports(Path(f"stages/{stage}.py")).files)
    read = set(re.findall(r"params(?:\(\))?\.(\w+)", text)) & set(Params.model_fields)
    read = {"oos", "split"} if stage == "split" else read  # its main passes on these sections
    read |= {"head"} if stage == "train" else set()  # the section of a method without parameters of its own
    params = {key.split(".")[0] for key in listed(stage, "params")}
    if "${method}" in params:
        params = params - {"${method}"} | set(METHODS)
    assert params == (read if stage != "check" else set())  # which depends on the whole file


def test_every_parameter_is_read_by_some_stage() -> None:
    read = {key.split(".")[0] for stage in STAGES for key in listed(stage, "params")} - {"${method}"}
    assert read | set(METHODS) == set(Params.model_fields)


def test_every_method_has_its_section_in_params_yaml_and_its_module_of_classifiers() -> None:
    assert set(METHODS) <= set(Params.model_fields)
    assert set(METHODS) <= {path.stem for path in Path("textclf/classifiers").glob("*.py")}


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_is_a_module_run_from_the_root_and_says_what_it_does(stage: str) -> None:
    assert STAGES[stage]["cmd"] == f"python -m stages.{stage}"
    assert STAGES[stage]["desc"]


def test_every_stage_comes_after_the_check() -> None:
    after, found = {"data/checked.txt"}, {"check"}
    while more := {stage for stage in set(STAGES) - found if data_deps(stage) & after}:
        found |= more
        after |= {out for stage in more for out in listed(stage, "outs", "metrics", "plots")}
    assert found == set(STAGES)


@pytest.mark.parametrize("stage", STAGES)
def test_no_output_switches_the_run_cache_off(stage: str) -> None:
    assert not [entry for entry in STAGES[stage].get("outs", []) if isinstance(entry, dict)]


@pytest.mark.parametrize("file", [".gitignore", ".dockerignore"])
def test_what_is_not_committed_is_neither_in_git_nor_in_an_image(file: str) -> None:
    outputs = uncommitted()
    ignored = {line.strip("/") for line in Path(file).read_text().splitlines()}
    assert not {path for path in outputs if not ignored & {path, *map(str, Path(path).parents)}}
    own = {line for line in ignored if line.startswith(("data/", "models/", "plots/"))}
    assert not {line for line in own if not any(f"{path}/".startswith(f"{line}/") for path in outputs)}


def uncommitted() -> set[str]:
    """The outputs that DVC's cache keeps, and not git."""
    lists = [stage.get(key, []) for stage in STAGES.values() for key in ("outs", "metrics", "plots")]
    pairs = [next(iter(e.items())) if isinstance(e, dict) else (e, {}) for entries in lists for e in entries]
    return {path for path, options in pairs if options.get("cache", True)}


@pytest.mark.parametrize("stage", STAGES)
def test_lists_are_sorted(stage: str) -> None:
    assert STAGES[stage].get("params", []) == sorted(STAGES[stage].get("params", []))
    data = [dep for dep in STAGES[stage]["deps"] if dep in data_deps(stage)]
    assert data == sorted(data)


def test_the_artifact_is_an_output() -> None:
    whole = YAML(typ="safe", pure=True).load(ROOT / "dvc.yaml")
    assert whole["artifacts"]["classifier"]["path"] in listed("package", "outs")


@pytest.mark.parametrize(
    "path", sorted(p for r in ("textclf", "stages", "tools") for p in (ROOT / r).rglob("*.py")), ids=str
)
def test_functions_are_short(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 40, f"{node.name} is too long"
