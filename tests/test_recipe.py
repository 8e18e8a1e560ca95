"""Recipes: what is refused before anything runs, and what a run and a record leave."""

import importlib
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import torch

from tests.conftest import ROOT, Clone
from tests.test_pipeline import STAGES
from tests.toys import task
from textclf import classifiers
from textclf.errors import InputError
from textclf.params import RENAMED
from tools.audit import __main__ as audit_tool
from tools.bench import __main__ as bench
from tools.bench import growth as growth_tool
from tools.bench import measure, training
from tools.few_labels import __main__ as few_labels_tool
from tools.oos_scores import __main__ as oos_scores_tool
from tools.recipe import __main__ as recipe_tool
from tools.recipe import oos_table, results_page
from tools.recipe.recipes import Recipe, check, find_recipes
from tools.recipe.results import environment, read_result
from tools.review import __main__ as review_tool
from tools.runs.overrides import assignments
from tools.timing import Labeler, Measured

ALL = sorted(path.stem for path in (ROOT / "recipes").glob("*.yaml"))
RECORDED = sorted(path for path in (ROOT / "results").glob("*.json") if path.stem not in ("few-labels", "oos-scores"))


@pytest.fixture
def in_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize("name", ALL)
def test_every_recipe_is_valid_and_says_where_its_values_come_from(in_root: None, name: str) -> None:
    check(name, find_recipes([name])[name].overrides)
    assert (ROOT / "recipes" / f"{name}.yaml").read_text().startswith("# ")


@pytest.mark.parametrize("name", [name for name in ALL if name.endswith("-distilbert")])
def test_the_distilbert_variants_name_the_references_checkpoint(in_root: None, name: str) -> None:
    assert find_recipes([name])[name].overrides["model"] == "distilbert-base-uncased"


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"lrr": 1}, "recipes/x.yaml: lrr is not a parameter; did you mean lr?"),
        ({"lora": {"rank": 8}}, "recipes/x.yaml: lora.rank is not a parameter"),
        ({"lr": "fast"}, "recipes/x.yaml: lr = 'fast': should be a valid number"),
        (
            {"dataset": "banking"},
            "recipes/x.yaml: dataset = 'banking': no data/sources/banking.yaml; allowed: banking77",
        ),
        ({"model": "bert"}, "recipes/x.yaml: model = 'bert': no such checkpoint; allowed: all-MiniLM-L6-v2"),
    ],
)
def test_a_recipe_with_an_unknown_key_value_or_data_set_is_refused(
    in_root: None, overrides: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError) as error:
        check("x", overrides)
    assert message in str(error.value)


def test_a_recipe_that_does_not_exist_names_those_that_do(in_root: None) -> None:
    with pytest.raises(InputError, match="no recipe is called 'banking'; recipes/ has banking77-features, "):
        find_recipes(["banking"])


FOR_TASKS = "--address, --cpus and --gpus are for "
QUEUED = "--sweep runs on the cluster that --address or RAY_ADDRESS names; leave out --queue"


@pytest.mark.parametrize(
    ("tool", "arguments", "message"),
    [
        (recipe_tool, ["words", "--address", "local"], f"{FOR_TASKS}--sweep and --seeds; leave them out"),
        (recipe_tool, ["--list", "--address", "local", "--gpus", "1"], f"{FOR_TASKS}--sweep and --seeds"),
        (recipe_tool, ["words", "--sweep", "lr=1", "--address", "local", "--queue"], QUEUED),
        (recipe_tool, ["words", "--sweep", "lr=1", "--force"], "--sweep runs what is not there yet; leave out --force"),
        (recipe_tool, ["--table", "--record"], "--record, --queue, --sweep and --force: give the recipe"),
        (few_labels_tool, ["--table", "--rows", "7"], "--table takes no other option; leave out --rows"),
        (few_labels_tool, ["--table", "--dataset", "nope"], "--table takes no other option; leave out --dataset"),
        (oos_scores_tool, ["--table", "--force"], "--table takes no other option; leave out --force"),
        (growth_tool, ["--rows", "10", "--table"], "--table takes no other option; leave out --rows"),
        (audit_tool, ["--print", "5", "--port", "9000"], "--port: not with --print or --apply"),
        (review_tool, ["main", "--address", "local"], f"{FOR_TASKS}--seeds; leave them out"),
        (review_tool, ["--address", "local", "--cpus", "2"], f"{FOR_TASKS}--seeds; leave them out"),
    ],
)
def test_what_would_be_ignored_is_refused(
    in_tmp: Path, typed: Callable[..., str], tool: ModuleType, arguments: list[str], message: str
) -> None:
    assert message in typed(tool.main, in_tmp, *arguments, fails=True)


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        (recipe_tool, ["words"]),
        (recipe_tool, ["words", "--queue", "--force"]),
        (recipe_tool, ["words", "--sweep", "lr=1", "--cpus", "2"]),
        (recipe_tool, ["words", "--record", "--seeds", "2", "--address", "local"]),
        (review_tool, ["main"]),
        (review_tool, ["main", "--seeds", "2", "--gpus", "1"]),
    ],
)
def test_the_environments_cluster_may_be_meant_for_other_commands(
    monkeypatch: pytest.MonkeyPatch, tool: ModuleType, arguments: list[str]
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    monkeypatch.setattr(sys, "argv", ["tool", *arguments])
    assert tool.parse_args().address


def test_a_pattern_finds_all_that_match(in_root: None) -> None:
    assert set(find_recipes(["emotion-*"])) == {name for name in ALL if name.startswith("emotion-")}


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in ALL if name.endswith("-distilbert")])
def test_the_distilbert_variants_run_on_a_tiny_model_of_that_class(
    in_root: None, tiny: Callable[[str], Path], tmp_path: Path, name: str
) -> None:
    overrides = find_recipes([name])[name].overrides
    short = {"epochs": 2, "max_length": 24}
    toy = task(tiny("distilbert"), tmp_path, **overrides | short)
    found = importlib.import_module(f"textclf.methods.{toy.params.method}").train(toy)
    classifiers.save(found.classifier, tmp_path / "saved")
    again = classifiers.load(tmp_path / "saved").predict(toy.validation, 8, "test")
    assert again.logits.shape == (30, 3)


def small_recipe(clone: Clone, name: str, **overrides: object) -> None:
    text = {"about": "a test", "reference": "0.5", "overrides": overrides}
    (clone.folder / f"recipes/{name}.yaml").write_text(json.dumps(text))


def test_nothing_runs_if_one_of_several_recipes_is_bad(trained: Clone) -> None:
    small_recipe(trained, "aaa-good", lr=1e-3)
    small_recipe(trained, "aab-bad", lrr=1e-3)
    output = trained.run("python", "-m", "tools.recipe", "aa*", fails=True)
    assert output == "error: recipes/aab-bad.yaml: lrr is not a parameter; did you mean lr?\n"


def test_a_recipe_runs_as_an_experiment_of_its_name_and_is_recorded(trained: Clone) -> None:
    small_recipe(trained, "words", method="baseline")
    trained.set(lr=0.5)
    dirty = trained.run("python", "-m", "tools.recipe", "words", "--record", fails=True)
    assert dirty.startswith("error: params.yaml has uncommitted changes; commit them first, because the output names")
    assert dirty.count("\n") == 1
    trained.reset()

    recorded = trained.run("python", "-m", "tools.recipe", "words", "--record", "--force")
    assert "$ dvc exp run --temp --force --name words -S method=baseline\n" in recorded
    assert "recorded in results/words.json" in recorded
    assert trained.run("git", "diff", "--stat") == "", "the workspace stays as it was"
    result = json.loads(trained.read("results/words.json"))
    assert result["commit"] == trained.run("git", "rev-parse", "HEAD").strip()
    assert result["params"]["method"] == "baseline"
    assert set(result["seconds"]) == set(STAGES)
    assert result["metrics"]["test"]["rows"] == 120
    assert result["metrics"]["train"]["C"] in (1.0, 10.0, 100.0)

    rules = trained.read("review.yaml").decode().replace("min_rows: 200", "min_rows: 100")
    (trained.folder / "review.yaml").write_text(rules)
    review = trained.run("python", "-m", "tools.review", "main", "words")  # an experiment by its name
    assert "| parameter | `method: full -> baseline` |" in review
    trained.reset()

    trained.run("python", "-m", "tools.recipe", "--table")
    row = next(line for line in trained.read("docs/results.md").decode().splitlines() if line.startswith("| `words` |"))
    assert f"| 0.5 | {result['metrics']['validation']['accuracy']:.4f} |" in row
    trained.clean()
    small_recipe(trained, "words", method="baseline")
    again = trained.run("python", "-m", "tools.recipe", "words", fails=True)
    assert again == "error: experiment words already exists; remove it with: dvc exp remove words\n"
    trained.run("dvc", "exp", "remove", "words")


def test_training_is_timed_in_a_checkout_on_the_runs_rows(
    trained: Clone, typed: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "WAYS", ("notebook", "ours"))  # the third way differs in its settings alone
    printed = typed(training.main, trained.folder, "--rounds", "1", "--steps", "2")
    assert "| the stage `train`, all of it: imports, probe, frozen states, validation, saving |" in printed
    found = json.loads(trained.read("results/speed/training-shop_support.json"))
    assert (found["rows"], found["epochs"], found["recipe"]) == (240, 4, None)
    assert found["commit"] == trained.run("git", "rev-parse", "HEAD").strip()
    assert [way["way"] for way in found["ways"]] == ["notebook", "steps", "stage"]
    assert not list((trained.folder / ".cache/checkouts").glob("*/"))
    assert trained.run("git", "status", "--porcelain").split() == ["??", "results/speed/training-shop_support.json"]


def test_all_ways_to_label_are_timed_and_recorded(
    trained: Clone, typed: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def in_this_process(loaders: dict[str, Callable[[], Labeler]], texts: list[str]) -> dict[str, Measured]:
        speed = {"rows_per_second": 9, "p50_ms": 1.0, "p95_ms": 2.0}  # test_timing.py times in processes
        return {way: Measured(load()(texts), speed) for way, load in loaders.items()}

    monkeypatch.setattr(measure, "time_labelers", in_this_process)
    printed = typed(bench.main, trained.folder)
    found = json.loads(trained.read("results/speed/shop_support.json"))
    assert (found["rows"], found["commit"]) == (120, trained.run("git", "rev-parse", "HEAD").strip())
    assert len(found["ways"]) == 5, "in fp32, which isn't timed twice"
    _, _, ours, exported, _ = (way["accuracy"] for way in found["ways"])
    assert ours == exported
    assert all(f"| {way['way']} | 9 | 1.0 | 1.0 | 2.0 | {way['accuracy']:.4f} |" in printed for way in found["ways"])
    assert found["changes"]["labels_in_fp32"] == 0


def test_the_seconds_of_all_stages_are_listed(trained: Clone) -> None:
    lines = trained.run("python", "-m", "tools.stage_times").splitlines()[2:]
    cells = [line.strip("| ").split(" | ") for line in lines]
    assert {stage for stage, _ in cells} == set(STAGES)
    assert all(float(seconds) >= 0 for _, seconds in cells), "a stage may end in less than a tenth"


def test_a_sweep_is_queued(trained: Clone) -> None:
    small_recipe(trained, "words", method="baseline")
    output = trained.run("python", "-m", "tools.recipe", "words", "--sweep", "baseline.C=1.0,10.0")
    assert "queued 2 experiments; dvc queue start runs them" in output
    names = [word for word in trained.run("dvc", "queue", "status").split() if word.startswith("words-")]
    assert len(set(names)) == 2
    bad = trained.run("python", "-m", "tools.recipe", "words", "--sweep", "baseline.C=1.0,none", fails=True)
    assert "recipes/words.yaml: baseline.C" in bad


def test_a_branch_of_the_recipes_name_is_not_recorded_in_its_place(trained: Clone) -> None:
    small_recipe(trained, "words", method="baseline")
    trained.run("git", "branch", "words")
    refused = trained.run("python", "-m", "tools.recipe", "words", fails=True)
    trained.run("git", "branch", "-D", "words")
    assert refused == "error: words is also a branch or a tag, which stands for another run; rename that\n"


def by_todays_name(line: str, method: str) -> str:
    """Return a recorded `key=value`, which keeps the name of its time, by the name of today."""
    key, _, value = line.partition("=")
    return f"{RENAMED.get(key, key) if key.startswith((method, 'oos')) else key}={value}"


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_recorded_result_is_that_of_its_recipe(in_root: None, path: Path) -> None:
    result = json.loads(path.read_text())
    recipe = find_recipes([path.stem])[path.stem]
    now = [line for line in assignments(recipe.overrides) if not line.endswith("=null")]  # off, as before it was there
    then = {by_todays_name(line, result["params"]["method"]) for line in assignments(result["params"])}
    assert set(now) <= then, "the recipe has changed since: python -m tools.recipe NAME --record"
    assert re.fullmatch("[0-9a-f]{40}", result["commit"])


def test_a_recipe_without_a_result_is_not_measured(in_root: None) -> None:
    lines = results_page.recipe_table({"never": Recipe(about="x", reference="0.9", overrides={"lr": 1})})
    assert lines[-1].startswith("| `never` | 0.9 | not measured here |")
    assert lines[-1].count("|") == lines[0].count("|")


def test_a_rule_that_rejects_nothing_has_no_precision(in_root: None, monkeypatch: pytest.MonkeyPatch) -> None:
    name, *_ = [path.stem for path in RECORDED if path.stem.startswith("shop-support-oos")]
    recipes = find_recipes([name])
    shown = oos_table.rows(recipes)[-1].split(" | ")
    result = read_result(name) or {}
    del result["metrics"]["oos"]["out_precision"]
    monkeypatch.setattr(oos_table, "read_result", lambda name: result)
    at = list(oos_table.COLUMNS).index("precision") + 3
    assert oos_table.rows(recipes)[-1].split(" | ") == [*shown[:at], "", *shown[at + 1 :]]


def test_a_result_names_the_gpu_only_if_its_run_may_take_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("is_available", True), ("device_count", 1), ("get_device_name", "NVIDIA H100")):
        monkeypatch.setattr(torch.cuda, name, lambda *_, value=value: value)
    assert "NVIDIA-H100" in environment("auto")["processor"]
    assert "NVIDIA-H100" not in environment("cpu")["processor"]


def test_every_table_of_the_results_has_its_rows(in_root: None) -> None:
    made = results_page.page(find_recipes(["*"]))
    assert "{{" not in made
    for name in ALL:
        assert f"| `{name}` |" in made or name.startswith(results_page.SWEEP), name
    sweep = results_page.sweep_table(find_recipes([f"{results_page.SWEEP}*"]))
    assert len(sweep) == 2 + len([name for name in ALL if name.startswith(results_page.SWEEP)])
