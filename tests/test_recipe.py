"""Recipes: what is refused before anything runs, and what a run and a record leave."""

import importlib
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT, Clone
from tests.test_pipeline import STAGES
from tests.toys import task
from textclf import classifiers
from textclf.errors import InputError
from tools.recipe import recipes, results_table
from tools.recipe.recipes import Recipe, check, find_recipes

ALL = sorted(path.stem for path in (ROOT / "recipes").glob("*.yaml"))


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


def test_a_pattern_finds_all_that_match(in_root: None) -> None:
    assert set(find_recipes(["emotion-*"])) == {name for name in ALL if name.startswith("emotion-")}


@pytest.mark.parametrize("name", [name for name in ALL if name.endswith("-distilbert")])
def test_the_distilbert_variants_run_on_a_tiny_model_of_that_class(
    in_root: None, tiny: Callable[[str], Path], tmp_path: Path, name: str
) -> None:
    overrides = find_recipes([name])[name].overrides
    short = {"epochs": 2, "max_length": 24}
    toy = task(tiny("distilbert"), tmp_path, **overrides | short)
    found = importlib.import_module(f"stages.methods.{toy.params.method}").train(toy)
    classifiers.save(found.classifier, toy.params.method, tmp_path / "saved")
    again = classifiers.load(tmp_path / "saved").predict(toy.validation, 8, "test")
    assert again.probabilities.shape == (30, 3)


def small_recipe(clone: Clone, name: str, **overrides: object) -> None:
    text = {"about": "a test", "reference": "0.5", "overrides": overrides}
    (clone.folder / f"recipes/{name}.yaml").write_text(json.dumps(text))


def test_nothing_runs_if_one_of_several_recipes_is_bad(trained: Clone) -> None:
    small_recipe(trained, "aaa-good", lr=1e-3)
    small_recipe(trained, "aab-bad", lrr=1e-3)
    output = trained.run("python", "-m", "tools.recipe", "aa*", fails=True)
    assert output == "error: recipes/aab-bad.yaml: lrr is not a parameter; did you mean lr?\n"
    trained.clean()


def test_a_recipe_runs_as_an_experiment_of_its_name_and_is_recorded(trained: Clone) -> None:
    small_recipe(trained, "words", method="baseline")
    trained.set(lr=0.5)
    dirty = trained.run("python", "-m", "tools.recipe", "words", "--record", fails=True)
    assert dirty == "error: params.yaml has changes that are not committed; what is written here names its commit\n"
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

    rules = trained.read("review.yaml").decode().replace("least_rows: 200", "least_rows: 100")
    (trained.folder / "review.yaml").write_text(rules)
    review = trained.run("python", "-m", "tools.review", "main", "words")  # an experiment by its name
    assert "| parameter | method: full -> baseline |" in review
    trained.reset()

    trained.run("python", "-m", "tools.recipe", "--table")
    row = next(line for line in trained.read("README.md").decode().splitlines() if line.startswith("| [`words`]"))
    assert f"| 0.5 | {result['metrics']['validation']['accuracy']:.4f} |" in row
    trained.clean()
    small_recipe(trained, "words", method="baseline")
    again = trained.run("python", "-m", "tools.recipe", "words", fails=True)
    assert again == "error: there is an experiment words already; dvc exp remove words makes room for another\n"
    trained.run("dvc", "exp", "remove", "words")
    trained.clean()


def test_a_sweep_is_queued(trained: Clone) -> None:
    small_recipe(trained, "words", method="baseline")
    output = trained.run("python", "-m", "tools.recipe", "words", "--sweep", "baseline.C=1.0,10.0")
    assert "$ dvc exp run --queue --name words -S method=baseline -S baseline.C=1.0,10.0\n" in output
    assert {"words-1", "words-2"} <= set(trained.run("dvc", "queue", "status").split())
    trained.run("dvc", "queue", "remove", "--all")
    bad = trained.run("python", "-m", "tools.recipe", "words", "--sweep", "baseline.C=1.0,none", fails=True)
    assert "recipes/words.yaml: baseline.C" in bad
    trained.clean()


def test_the_readmes_tables_are_those_of_the_recorded_results(in_root: None) -> None:
    text = (ROOT / "README.md").read_text()
    assert results_table.START in text
    assert results_table.replaced(text, find_recipes(["*"])) == text, "stale: python -m tools.recipe --table"


@pytest.mark.parametrize("path", sorted((ROOT / "results").glob("*.json")), ids=lambda path: path.stem)
def test_a_recorded_result_is_that_of_its_recipe(in_root: None, path: Path) -> None:
    result = json.loads(path.read_text())
    recipe = find_recipes([path.stem])[path.stem]
    now = recipes.assignments(recipe.overrides)
    then = recipes.assignments(result["params"])
    assert set(now) <= set(then), "the recipe has changed since: python -m tools.recipe NAME --record"
    assert re.fullmatch("[0-9a-f]{40}", result["commit"])


def test_a_recipe_without_a_result_is_not_measured(in_root: None) -> None:
    table = results_table.rendered({"never": Recipe(about="x", reference="0.9", overrides={"lr": 1})})
    assert "| [`never`](recipes/never.yaml) | 0.9 | not measured here |" in table
