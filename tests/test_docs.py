"""README, CONTRIBUTING, the pages of docs/ and the lock files against the repository."""

import importlib
import importlib.util
import json
import re
import shlex
import subprocess
import sys
import tomllib
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import pandas as pd
import pytest
from dvc.cli.parser import get_main_parser
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from pydantic import BaseModel
from ruamel.yaml import YAML

from tests.conftest import ROOT
from textclf.changes.apply import CHANGES
from textclf.data.expectations import Expectations
from textclf.data.source_spec import OutOfScopeRows, Source, SourceFile, read_source
from textclf.inference.model import Answers
from textclf.metrics.hf_metrics import LABEL_SCORES, ProbabilityScores
from textclf.oos import metrics as oos_metrics
from textclf.params import Oos, Params
from tools.recipe import results_page
from tools.recipe.recipes import find_recipes
from tools.review.rules import ChangeRule, Rules, ScoreRule, SliceRule
from tools.runs.records import record_of

PATHS = [
    *(
        ROOT / name
        for name in (
            "README.md",
            "CONTRIBUTING.md",
            "CHANGELOG.md",
            "data/corpora/shop_support.md",
            "data/robustness/README.md",
        )
    ),
    *sorted((ROOT / "docs").glob("*.md")),
]
PAGES = {str(path.relative_to(ROOT)): path.read_text() for path in PATHS}
README, REFERENCE = PAGES["README.md"], PAGES["docs/reference.md"]
HOW_IT_WORKS = PAGES["docs/how-it-works.md"]
DVC_YAML: dict[str, Any] = YAML(typ="safe", pure=True).load(ROOT / "dvc.yaml")
LOCKS = ("requirements.txt", "requirements-dev.txt", "requirements/serve.txt")
# Made by commands, or invented for an example.
NOT_IN_GIT = (".cache/", ".dvc/cache", "exported/", "results/seeds", "data/corpora/tickets", "data/sources/tickets")

every_page = pytest.mark.parametrize("page", PAGES)


@pytest.fixture(autouse=True)
def in_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def blocks(text: str, language: str = "") -> list[str]:
    """The fenced blocks of a page in one language, without their fences."""
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S)
    return [block for name, block in fenced if name == language]


def spans(text: str) -> list[str]:
    """The code within a page's sentences and tables."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S))


def commands(text: str, start: str) -> Iterator[str]:
    """The commands of a page that begin with `start`, in blocks and sentences; placeholders are one word."""
    for line in [*"\n".join(blocks(text)).splitlines(), *spans(text)]:
        line = re.sub(r"<[^>]+>", "X", line.split(" #")[0])
        if (at := line.find(start)) >= 0:
            yield line[at:].split(" | ")[0].strip()


def rows(text: str) -> list[list[str]]:
    """The cells of all rows of all tables on a page."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def explained(text: str) -> set[str]:
    """The names in the first cells of a page's tables, where names are code."""
    return {name for row in rows(text) for name in re.findall(r"`([^`]+)`", row[0])}


def anchor(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


# Links, files and commands.


@every_page
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", PAGES[page]):
        path, _, section = re.sub(r"#gh-(light|dark)-mode-only$", "", target).partition("#")
        if path.startswith("https://"):
            continue
        file = ((ROOT / page).parent / path) if path else ROOT / page
        assert file.exists(), target
        if section:
            assert section in {anchor(line) for line in re.findall(r"^#+ (.+)$", file.read_text(), re.M)}, target


@every_page
def test_files_and_folders_that_are_named_exist(page: str) -> None:
    outs = [next(iter(out)) if isinstance(out, dict) else out for stage in outs_of_stages() for out in stage]
    outs += [
        f"{Path(out).parent}/" for out in outs if out.count("/") == 2 and out.startswith("data/")
    ]  # folders that hold only outs
    tracked = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True).stdout.split()
    roots = "|".join(re.escape(root) for root in {path.split("/")[0] for path in tracked if "/" in path})
    for name in spans(PAGES[page]):
        if re.fullmatch(rf"(?:{roots})/[\w./-]*|[\w-]+\.(?:yaml|toml|lock|cff)", name):
            assert name.startswith((*outs, *NOT_IN_GIT)) or (ROOT / name).exists(), name


def outs_of_stages() -> list[list[Any]]:
    return [stage.get(kind, []) for stage in DVC_YAML["stages"].values() for kind in ("outs", "metrics", "plots")]


@every_page
def test_make_targets_that_are_named_exist(page: str) -> None:
    listed = subprocess.run(["make", "help"], capture_output=True, text=True, check=True).stdout
    for command in commands(PAGES[page], "make "):
        assert f" {' '.join(command.split()[:2])} " in listed, command


def tool(name: str) -> Callable[[], None]:
    folder = (ROOT / "tools" / name).is_dir()
    main: Callable[[], None] = importlib.import_module(f"tools.{name}.__main__" if folder else f"tools.{name}").main
    return main


@every_page
def test_commands_and_flags_that_are_named_exist(page: str, typed: Callable[..., str]) -> None:
    for command in commands(PAGES[page], "python -m tools."):
        if command == "python -m tools...":
            continue
        name, *words = shlex.split(command.removeprefix("python -m tools."))
        known = typed(tool(name), ROOT, "--help")
        for flag in [word for word in words if word.startswith("-") and word != "-"]:
            assert re.search(rf"(?<![\w-]){re.escape(flag)}(?![\w-])", known), f"{command}: no {flag}"


def test_flags_in_sentences_exist(typed: Callable[..., str]) -> None:
    folders = [path.parent.name for path in (ROOT / "tools").glob("*/__main__.py")]
    known = "".join(typed(tool(name), ROOT, "--help") for name in folders) + " --drop --keep --only-changed of dvc "
    for page, text in PAGES.items():
        for flag in [span.split()[0] for span in spans(text) if span.startswith("--") and page != "CHANGELOG.md"]:
            assert re.search(rf"(?<![\w-]){flag}(?![\w-])", known), f"{page}: {flag}"


@every_page
def test_dvcs_commands_that_are_named_exist(page: str) -> None:
    parser = get_main_parser()
    for command in commands(PAGES[page], "dvc "):
        words = shlex.split(command)[1:]
        if words == ["exp", "apply"]:  # in a sentence, without its argument
            words += ["X"]
        if words != ["plots"]:  # a group of commands
            parser.parse_args(words)


@every_page
def test_python_examples_use_what_there_is(page: str) -> None:
    for block in blocks(PAGES[page], "python"):
        compile(block, page, "exec")
        for name in re.findall(r"\banswers\.(\w+)", block):
            assert name in Answers.__annotations__ or hasattr(Answers, name), name


# What has to be explained.


def test_every_stage_has_its_row_and_its_place_in_the_readmes_line() -> None:
    assert set(DVC_YAML["stages"]) <= explained(HOW_IT_WORKS)
    assert set(DVC_YAML["stages"]) == set(re.findall(r"\w+", blocks(README)[0]))


def test_the_picture_of_the_stages_is_dvcs() -> None:
    command = [sys.executable, "-m", "dvc", "dag", "--mermaid"]
    dag = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    (picture,) = blocks(HOW_IT_WORKS, "mermaid")
    assert [line.strip() for line in picture.splitlines()] == [line.strip() for line in dag.strip().splitlines()]


def test_the_site_draws_every_stage_and_no_detour() -> None:
    spec = importlib.util.spec_from_file_location("stage_graph", ROOT / "docs" / "stage_graph.py")
    assert spec
    assert spec.loader
    stage_graph = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(stage_graph)
    (picture,) = blocks(HOW_IT_WORKS, "mermaid")
    drawn = stage_graph.draw(picture)
    assert set(re.findall(r"<text[^>]*>(\w+)</text>", drawn)) == set(DVC_YAML["stages"])
    assert stage_graph.draw('a["A"]\nb["B"]\nc["C"]\na-->b\nb-->c\na-->c').count("<path class") == 2


def test_every_folder_is_in_the_tree() -> None:
    tree = next(block for block in blocks(HOW_IT_WORKS) if block.startswith("textclf/"))
    named, floor = set(), ""
    for line in tree.splitlines():
        folder, inside = line.split()[0].rstrip("/"), line.startswith(" ")
        floor = floor if inside else folder
        named.add(f"{floor}/{folder}" if inside else folder)
    assert all((ROOT / folder).is_dir() for folder in named)
    for floor in ("textclf", "stages", "tools"):
        code = {str(path.parent.relative_to(ROOT)) for path in (ROOT / floor).rglob("*.py")}
        assert code <= named, "a folder is missing in the tree"


def leaves(schema: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The parameters by their full names, with their types."""
    for name, info in schema.model_fields.items():
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            yield from leaves(info.annotation, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", info.annotation


def options(annotation: Any) -> Iterator[str]:
    """The literal values that a type allows."""
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)
    elif get_origin(annotation) in (Union, types.UnionType):
        for part in get_args(annotation):
            yield from options(part)


def test_every_parameter_is_explained_with_all_that_it_allows() -> None:
    allowed = {name: row[1] for row in rows(REFERENCE) for name in re.findall(r"`([^`]+)`", row[0])}
    for name, annotation in leaves(Params):
        assert name in allowed, name
        for option in options(annotation):
            assert f"`{option}`" in allowed[name], f"{name}: {option}"


def test_every_method_is_explained() -> None:
    methods = {path.stem for path in (ROOT / "textclf" / "methods").glob("[a-z]*.py")}
    assert methods <= explained(PAGES["docs/methods.md"])


def test_every_score_is_defined() -> None:
    found = ProbabilityScores(keep_in_memory=True).compute(
        predictions=[[0.9, 0.1], [0.1, 0.9]], references=[0, 1], ece_bins=2
    )
    assert {*LABEL_SCORES, *found} <= explained(REFERENCE)


def test_every_number_in_metrics_is_explained() -> None:
    for name in ("data", "tokens", "split", "train", "calibration", "robustness"):
        for key in json.loads((ROOT / "metrics" / f"{name}.json").read_text()):
            assert f"`{key}`" in REFERENCE, f"{name}.json: {key}"


def test_the_columns_of_files_are_those_that_are_named() -> None:
    for name in ("test", "oos", "robustness"):
        header = (ROOT / "metrics" / "predictions" / f"{name}.json").read_text().splitlines()[1].rstrip(",")
        assert f"\n{header},\n" in REFERENCE, name
    for path in (ROOT / "plots").glob("*.csv"):
        columns = ", ".join(path.read_text().splitlines()[0].replace('"', "").split(","))
        assert columns in REFERENCE.replace(" (highest or lowest)", ""), path.name


def test_every_way_to_detect_out_of_scope_messages_is_explained() -> None:
    page = explained(PAGES["docs/out-of-scope.md"])
    for key in ("method", "score"):
        assert set(options(Oos.model_fields[key].annotation)) <= page


def test_every_out_of_scope_score_is_defined() -> None:
    table = pd.DataFrame(
        [("a", "a", 0.1), ("out_of_scope:kind", "out_of_scope:kind", 0.9)], columns=["actual", "predicted", "score"]
    )
    assert set(oos_metrics.score(table)) <= explained(PAGES["docs/out-of-scope.md"])


def test_every_change_of_texts_and_every_key_of_an_expectation_is_explained() -> None:
    page = explained(PAGES["docs/robustness.md"])
    assert {*CHANGES, *Expectations.model_fields} <= page


def test_every_key_of_review_yaml_is_explained() -> None:
    keys = {key for part in (Rules, ScoreRule, SliceRule, ChangeRule) for key in part.model_fields}
    assert keys <= explained(PAGES["docs/review.md"])
    for score in options(Rules.model_fields["primary"].annotation):
        assert f"`{score}`" in PAGES["docs/review.md"]


def test_every_key_of_a_source_spec_is_explained() -> None:
    keys = {key for part in (Source, SourceFile, OutOfScopeRows) for key in part.model_fields}
    page = explained(PAGES["docs/data.md"])
    assert keys <= page
    assert {path.stem for path in (ROOT / "data" / "sources").glob("*.yaml")} <= page
    for kind in options(Source.model_fields["format"].annotation):
        assert kind in page


# Examples and figures.


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 150


def test_the_sites_first_page_begins_as_the_readme_does() -> None:
    start = README[README.index("The first `make repro`") : README.index("## What you get")]
    plain = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"`\1`", start)
    index = PAGES["docs/index.md"]
    assert " ".join(plain.split()) in " ".join(index.split()), "copy the README's paragraphs on size and time"


def test_five_lines_of_yaml_in_the_readme_are_a_valid_spec(in_tmp: Path) -> None:
    (text,) = blocks(README, "yaml")
    assert len(text.splitlines()) == 5
    assert text in blocks(PAGES["docs/data.md"], "yaml")
    Path("tickets.yaml").write_text(text)
    assert read_source("tickets", Path()).text == "message"


def test_the_example_of_out_of_scope_rows_is_the_embedded_data_set() -> None:
    text = blocks(PAGES["docs/data.md"], "yaml")[-1]
    known: dict[str, Any] = YAML(typ="safe", pure=True).load(ROOT / "data" / "sources" / "shop_support.yaml")
    assert YAML(typ="safe", pure=True).load(text).items() <= known.items()


def test_the_results_in_the_readme_are_those_that_were_recorded() -> None:
    names = {path.stem for path in (ROOT / "results").glob("*.json")}
    found = {row[0].strip("`"): row[1:] for row in rows(README) if row[0].strip("`") in names}
    assert len(found) == 6
    for name, (reference, *scores) in found.items():
        result = json.loads((ROOT / "results" / f"{name}.json").read_text())
        test, record = result["metrics"]["test"], record_of(result["seeds"])
        expected = [f"{test[key]:.4f}" for key in ("accuracy", "macro_f1")]
        if record is not None and len(record.seeds) > 1:
            accuracy, f1 = record.mean("accuracy"), record.mean("macro_f1")
            spread = f"± {record.deviation('accuracy'):.4f} ({len(record.seeds)} seeds)"
            expected = [f"{accuracy:.4f} {spread}", f"{f1:.4f}"]
        assert scores == expected, name
        assert find_recipes([name])[name].reference.startswith(reference), name


def test_the_page_of_results_is_written_from_them() -> None:
    assert PAGES["docs/results.md"] == results_page.page(find_recipes(["*"])), "stale: python -m tools.recipe --table"


def test_the_time_of_training_is_the_recorded_one() -> None:
    found = re.search(r"`train` took (\d+) of (\d+) seconds in the recipe\s`([\w-]+)`", HOW_IT_WORKS)
    assert found
    seconds = json.loads((ROOT / "results" / f"{found[3]}.json").read_text())["seconds"]
    assert [int(found[1]), int(found[2])] == [round(seconds["train"]), round(sum(seconds.values()))]


# The site and the packages.


def test_the_site_loads_nothing_from_other_servers(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(tmp_path / "site")]
    subprocess.run(command, check=True)
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) > len(list((ROOT / "docs").glob("*.md")))  # and the page for addresses that don't exist
    for page in pages:
        text = page.read_text()
        assert not re.search(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=[\"']?(?:https?:)?//", text), page
        assert 'class="mermaid"' not in text, "the theme would load Mermaid's script from a CDN"


def project_dependencies() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = [*project["dependencies"], *(line for extra in project["optional-dependencies"].values() for line in extra)]
    return [Requirement(line) for line in lines]


def test_every_dependency_is_explained_and_no_other_package() -> None:
    table = HOW_IT_WORKS[HOW_IT_WORKS.index("| package | why |") :]
    named = [name for row in rows(table)[2:] for name in row[0].split(", ")]
    assert sorted(named) == sorted({requirement.name for requirement in project_dependencies()})


def test_every_extra_is_named() -> None:
    for extra in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]:
        assert f"`{extra}`" in HOW_IT_WORKS[HOW_IT_WORKS.index("## Packages") :], extra


def pins(lock: str) -> dict[str, str]:
    """The lines of a lock file by package."""
    lines = [line for line in (ROOT / lock).read_text().splitlines() if line and line[0] != "#"]
    return {line.split("==")[0]: line for line in lines}


def test_every_dependency_is_pinned_and_locked() -> None:
    locked = pins("requirements-dev.txt")
    for requirement in project_dependencies():
        assert str(requirement.specifier).startswith("=="), requirement
        line = Requirement(locked[canonicalize_name(requirement.name)])
        assert (line.specifier, line.marker) == (requirement.specifier, requirement.marker), f"{line}: make lock"


def test_the_locks_pin_every_package_alike_and_name_no_build() -> None:
    users, contributors, servers = (pins(lock) for lock in LOCKS)
    assert users.items() <= contributors.items()
    assert servers.items() <= contributors.items()
    for pin in contributors.values():
        assert re.fullmatch(r'[\w.-]+==[\w.]+(; sys_platform != "win32")?', pin), "not a pin, or a build's tag"


def test_serving_alone_installs_neither_torch_nor_linters() -> None:
    assert not {"torch", "transformers", "ruff", "mypy"} & set(pins("requirements/serve.txt"))


def test_the_continuous_integration_runs_the_readmes_command() -> None:
    assert "\nmake test\n" in (ROOT / ".ci" / "run").read_text()
    assert "- run: .ci/run" in (ROOT / ".github" / "workflows" / "test.yml").read_text()
    assert any(line.startswith("make test") for line in "\n".join(blocks(README)).splitlines())
