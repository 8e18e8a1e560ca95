"""The comparison of out-of-scope scores: which runs it makes, what it measures on each, and what its table says."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from tests.conftest import ROOT, Clone
from tests.test_oos_rule import LABELS, oos, rows
from textclf.errors import InputError
from textclf.oos import rule
from tools.oos_scores import plan as plan_module
from tools.oos_scores.candidates import average_rank, candidate_scores
from tools.oos_scores.compare import RESULTS, _description, compare, is_recorded, read_entries, write_entry
from tools.oos_scores.page import END, PAGE, START, mean_scores, notes, page, score_table
from tools.oos_scores.plan import METHODS, Case, draw_intents, plan
from tools.runs.checked import check_overrides
from tools.runs.overrides import merged

CHIP = "a chip, x86_64, AVX2, 2, 2.13.0"
SHIPPED = {  # the candidate that a value of oos.score is
    ("probability", 1): "probability",
    ("energy", 1): "energy",
    ("logit", 1): "logit",
    ("mahalanobis", 1): "mahalanobis, Ledoit-Wolf",
    ("relative_mahalanobis", 1): "relative_mahalanobis, shrinkage 0.1",
    ("knn", 1): "knn, k = 1",
    ("knn", 5): "knn, k = 5",
    ("fisher", 1): "fisher of probability, relative_mahalanobis, knn",
}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the data sets, the embedded one alone, once with its own rows and once with intents held out."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(plan_module, "FULL", {"shop_support": ""})


def entry(score: float, dataset: str = "one", draw: int = 1, **more: float) -> dict[str, Any]:
    """A record with the score `a`, and with those of `more`; AUROC, AUPR and FPR@95 are the same number."""
    metrics = ("auroc", "aupr", "fpr_at_95_recall")
    scores = {name: dict.fromkeys(metrics, value) for name, value in ({"a": score} | more).items()}
    kept = {"dataset": dataset, "method": "features", "draw": draw, "held_out": ["x", "y"], "processor": CHIP}
    kept["params"] = "as they are"
    return kept | {"rows": {"in_scope": 9, "out_of_scope": draw}, "scores": scores}


def test_a_quarter_of_the_intents_is_held_out_in_each_draw() -> None:
    intents = [f"{number}" for number in range(77)]
    draws = [draw_intents(intents, draw) for draw in (1, 2, 3)]
    assert [len(set(drawn)) for drawn in draws] == [19, 19, 19]
    assert draws[0] != draws[1] != draws[2]
    assert draw_intents(intents[::-1], 1) == draws[0], "the order of the rows has no say"


def test_a_data_set_with_rows_of_its_own_is_run_once_by_each_method(small: None) -> None:
    cases = plan(["features", "full"])
    assert [case.name for case in cases] == ["shop_support-features-0", "shop_support-full-0"]
    for case in cases:
        params = check_overrides(case.overrides, case.name)
        assert params.oos.method == "threshold"
        assert (params.method, params.oos.held_out) == (case.method, [])


def test_intents_are_held_out_where_no_row_is_out_of_scope(small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_module, "OWN_ROWS", ())
    cases = plan(["features"])
    assert [case.draw for case in cases] == [1, 2, 3]
    assert {len(case.held_out) for case in cases} == {6}, "of 24"


@pytest.mark.parametrize(("score", "neighbors"), SHIPPED)
def test_what_is_compared_is_what_the_rule_computes(score: str, neighbors: int) -> None:
    train, validation, test = rows(80, 1, out=False, labels=2), rows(60, 2, labels=2), rows(40, 3, labels=2)
    fitted = rule.fit(oos("threshold", score, neighbors=neighbors), LABELS[:2], train, validation)
    expected, _ = fitted.scores(test.logits, test.vectors)
    found = candidate_scores(train, validation, test, LABELS[:2])[SHIPPED[score, neighbors]]
    np.testing.assert_allclose(found, expected)


def test_an_average_rank_lies_between_0_and_1() -> None:
    reference = np.array([[1.0, 2.0, 3.0, 4.0], [10.0, 20.0, 30.0, 40.0]])
    assert average_rank([np.array([0.0, 2.0, 9.0]), np.array([0.0, 35.0, 99.0])], reference).tolist() == [0, 0.625, 1]


def write_params(**changes: Any) -> None:
    """Write the shipped parameters with `changes`, each of which has to be one, into the working directory."""
    shipped = YAML(typ="safe", pure=True).load(ROOT / "params.yaml")
    for key, value in changes.items():
        assert merged(shipped, {key: value}) != shipped, f"{key} is {value} already"
    Path("params.yaml").write_text(json.dumps(merged(shipped, changes)))  # JSON is YAML


@pytest.mark.parametrize("method", ["features", "full"])
def test_a_run_is_recorded_for_its_parameters(in_tmp: Path, method: str) -> None:
    write_params()
    case = Case("shop_support", method, 1, {"method": method, "oos": {"held_out": ["a"]}})
    write_entry(entry(0.9) | _description(case))
    assert is_recorded(case, read_entries())
    other = Case("shop_support", method, 1, {"method": method, "oos": {"held_out": ["b"]}})
    assert not is_recorded(other, read_entries())
    write_params(new="none", oos={"score": "knn"}, calibration="temperature", audit={"folds": 3}, lora={"r": 4})
    assert is_recorded(case, read_entries()), "its predictions stay as they are"
    write_params(evaluation={"ece_bins": 10}, robustness={"rows": 100}, plots={"dpi": 90}, distil={"weight": 0.9})
    assert is_recorded(case, read_entries()), "its predictions stay as they are"
    for read in ({"seed": 43}, {"split": {"seed": 43}}, {"selection_metric": "accuracy"}, {"precision": "fp32"}):
        write_params(**read)
        assert not is_recorded(case, read_entries()), read


def test_a_run_without_epochs_stays_recorded_with_other_parameters_of_epochs(in_tmp: Path) -> None:
    cases = [Case("shop_support", method, 1, {"method": method, "oos": {"held_out": []}}) for method in METHODS]
    write_params()
    for case in cases:
        write_entry(entry(0.9) | _description(case))
    write_params(lr=1e-4, epochs=9, batch_size=32, ema=None, workers=2, warmup=0.5)
    assert [is_recorded(case, read_entries()) for case in cases] == [method == "features" for method in METHODS]
    write_params(features={"pooling": "cls"})
    assert [is_recorded(case, read_entries()) for case in cases] == [method != "features" for method in METHODS]


def test_a_run_that_cannot_be_is_named_as_it_is_and_not_as_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    with pytest.raises(InputError, match=r"^banking77-features-1: lr = 'x': "):
        compare([Case("banking77", "features", 1, {"lr": "x"})], False)


def test_a_new_record_takes_the_place_of_the_old_one(in_tmp: Path) -> None:
    for made in (entry(0.9, "two"), entry(0.8, draw=2), entry(0.7), entry(0.6, draw=2)):
        write_entry(made)
    kept = [(made["dataset"], made["draw"], made["scores"]["a"]["auroc"]) for made in read_entries()]
    assert kept == [("one", 1, 0.7), ("one", 2, 0.6), ("two", 1, 0.9)]


def test_draws_of_different_parameters_make_no_mean() -> None:
    other = entry(0.8, draw=2) | {"params": "as they were"}
    with pytest.raises(InputError, match="draws 1 and 2 of features on one have different parameters"):
        mean_scores([entry(0.6), other])


def test_whatever_method_is_committed_a_run_is_by_its_own(small: None) -> None:
    assert all(case.overrides["method"] == case.method for case in plan(list(METHODS)))


def test_every_data_set_counts_once_however_many_draws_it_has() -> None:
    means = mean_scores([entry(0.6, draw=1), entry(0.8, draw=2), entry(0.9, "two")])
    assert means.loc["a", ("`one`, features", "AUROC")] == pytest.approx(0.7)
    assert means.loc["a", ("mean", "AUROC")] == pytest.approx(0.8)
    assert means.loc["a", ("mean", "FPR@95")] == pytest.approx(0.8)


def test_the_best_of_each_column_is_bold_and_the_best_on_average_is_first() -> None:
    lines = score_table([entry(0.6, b=0.9), entry(0.7, "two", b=0.5)])
    assert lines[0] == "| score | `one`, features | `two`, features | mean AUROC | mean AUPR | mean FPR@95 |"
    assert lines[2:] == [
        "| b | **0.900** | 0.500 | **0.700** | **0.700** | 0.700 |",
        "| a | 0.600 | **0.700** | 0.650 | 0.650 | **0.650** |",
    ]


def test_a_score_that_some_runs_lack_is_not_in_the_table() -> None:
    assert mean_scores([entry(0.6, b=0.9), entry(0.7, "two")]).index.tolist() == ["a"]


def test_the_notes_say_if_a_method_has_fewer_draws() -> None:
    entries = [entry(0.6, draw=1), entry(0.7, draw=2), entry(0.8) | {"method": "full"}]
    assert "`one`: 2 intents held out, 2 draws of features, 1 of full; 9 test rows" in "".join(notes(entries))


def test_a_page_keeps_what_is_around_the_table() -> None:
    text = f"before\n{START}\nold\n{END}\nafter\n"
    made = page(text, [entry(0.6, draw=1), entry(0.8, draw=2)])
    assert made.startswith(f"before\n{START}\n\n| score |")
    assert made.endswith(f"a chip, x86_64, AVX2, 2 threads, PyTorch 2.13.0.\n\n{END}\nafter\n")
    assert "`one`: 2 intents held out, 2 draws; 9 test rows in scope, 1 to 2 out of scope." in made
    assert page(made, [entry(0.6, draw=1), entry(0.8, draw=2)]) == made
    with pytest.raises(InputError, match=r"docs/out-of-scope.md has no place for the table"):
        page("before", [entry(0.6)])
    with pytest.raises(InputError, match=r"results/oos-scores.json has nothing yet; python -m tools.oos_scores"):
        page(text, [])


def test_the_table_in_the_docs_is_that_of_the_results(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    text = PAGE.read_text()
    assert page(text, read_entries()) == text, "python -m tools.oos_scores --table"


def test_a_run_is_made_measured_and_not_made_again(trained: Clone) -> None:
    code = (
        "from tools.oos_scores.compare import compare; from tools.oos_scores.plan import Case; "
        "values = {'method': 'features', 'oos': {'method': 'threshold', 'held_out': ['order_late', 'refund_amount']}}; "
        "compare([Case('shop_support', 'features', 1, values)], False)"
    )
    output = trained.run("python", "-c", code)
    assert "0 of 1 runs are recorded in results/oos-scores.json" in output
    commit = trained.run("git", "rev-parse", "HEAD").strip()
    (made,) = [one for one in json.loads(trained.read(str(RESULTS))) if one["commit"] == commit]
    assert made["rows"]["out_of_scope"] > 0
    assert all(0 <= value <= 1 for scores in made["scores"].values() for value in scores.values())
    assert pd.DataFrame(made["scores"]).T["auroc"].max() > 0.5
    again = trained.run("python", "-c", code)
    assert again == "1 of 1 runs are recorded in results/oos-scores.json\n"
