"""The house: imports go down its floors, never up or in a circle."""

from pathlib import Path

import pytest

from tests.conftest import ROOT
from tools import deps

# From the top down: a folder imports from the ones below it alone. Modules beside the folders are below all of them.
TEXTCLF = (
    ("audit",),
    ("charts", "data", "inference", "methods"),
    ("training",),
    ("classifiers",),
    ("encoders", "oos"),
    ("changes", "metrics", "preparation"),
)
TOOLS = (
    ("bench", "oos_scores"),  # time and compare the runs of recipes
    (
        "audit",
        "data_curve",
        "ensemble",
        "errors",
        "export",
        "few_labels",
        "predict",
        "publish",
        "recipe",
        "review",
        "select",
        "serve",
        "sweep",
        "teach",
    ),
    ("card",),
    ("runs",),
    ("cluster", "stats"),
)
# Results have the table of speeds; bench times exports; select reads files as predict does.
SIDEWAYS = {("recipe", "bench"), ("bench", "export"), ("select", "predict")}
DOORS = {Path("textclf/__init__.py")}  # opens on `load` what is above


@pytest.fixture(autouse=True)
def in_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def files(folder: str) -> list[Path]:
    return [path.relative_to(ROOT) for path in sorted((ROOT / folder).rglob("*.py"))]


def imported(file: Path) -> set[Path]:
    """The project's modules that `file` imports itself, empty ones left out."""
    found = {path for name in deps.imported_names(file) for path in deps.module_files(name)}
    own = {folder / "__init__.py" for folder in file.parents}  # which may import its own modules
    return {path for path in found if path.stat().st_size and path not in own | {file}}


def room(file: Path) -> str:
    """The folder of a floor that `file` is in; empty for a module beside the folders."""
    return file.parts[1] if len(file.parts) > 2 else ""


def test_arrows_go_from_stages_and_tools_to_textclf_alone() -> None:
    allowed = {"stages": {"textclf"}, "tools": {"textclf", "tools"}, "textclf": {"textclf"}}
    for floor, below in allowed.items():
        for file in files(floor):
            assert {path.parts[0] for path in imported(file)} <= below, file


@pytest.mark.parametrize(("floor", "order"), [("textclf", TEXTCLF), ("tools", TOOLS)])
def test_every_folder_has_its_place(floor: str, order: tuple[tuple[str, ...], ...]) -> None:
    assert {room(file) for file in files(floor)} - {""} == {name for level in order for name in level}


@pytest.mark.parametrize(("floor", "order"), [("textclf", TEXTCLF), ("tools", TOOLS)])
def test_no_import_runs_backwards(floor: str, order: tuple[tuple[str, ...], ...]) -> None:
    height = {name: number for number, level in enumerate(order) for name in level}
    for file in files(floor):
        for path in imported(file):
            here, there = room(file), room(path)
            if path.parts[0] != floor or here == there or not there or (here, there) in SIDEWAYS or file in DOORS:
                continue
            assert here, f"{file} is below all folders, and imports {path}"
            assert height[here] < height[there], f"{file} imports {path}"


@pytest.mark.parametrize("floor", ["textclf", "stages", "tools"])
def test_no_module_imports_itself_in_a_circle(floor: str) -> None:
    done: set[Path] = set()

    def visit(file: Path, above: tuple[Path, ...]) -> None:
        assert file not in above, " -> ".join(str(path) for path in (*above[above.index(file) :], file))
        if file not in done:
            for path in imported(file) - {Path("textclf/__init__.py")}:  # it imports when `load` is called
                visit(path, (*above, file))
            done.add(file)

    for file in files(floor):
        visit(file, ())
