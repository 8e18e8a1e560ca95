"""What the gate says of a change, and the slices of the test rows that it can be asked to watch."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.conftest import ROOT
from tests.test_differences import LABELS, differences, predictions, seeds
from textclf.errors import InputError
from textclf.metrics.slices import each_slice, slices
from tools.review.differences import UNKNOWN
from tools.review.gate import broken_rules, judge, moot_rules, try_to_judge
from tools.review.rules import REVIEW, Rules, SliceRule, read_rules
from tools.review.slice_differences import slice_differences

RULES = Rules.model_validate(
    {
        "primary": "accuracy",
        "min_rows": 10,
        "metrics": {
            "accuracy": {"direction": "higher", "min_effect": 0.005, "margin": 0.02},
            "log_loss": {"direction": "lower", "min_effect": 0.01, "margin": 0.1},
        },
        "slices": [{"by": "style", "slice": "hard"}],
    }
)


def report(base: pd.DataFrame, head: pd.DataFrame) -> Any:
    style = pd.DataFrame({"style": np.where(np.arange(len(base)) < 100, "hard", "easy")}, index=base.index)
    return SimpleNamespace(
        differences=differences(base, head),
        slices=slice_differences(seeds(base), seeds(head), style, 0.005, UNKNOWN),
        oos=pd.DataFrame(columns=["metric", "low"]),
        changed_texts=SimpleNamespace(table=pd.DataFrame(columns=["change", "low", "high"]), not_alike=None),
        primary="accuracy",
        same_inputs=False,
        seeds=(1, 1),
        decided=(1, 1),
        draw=(True, True),
        head=SimpleNamespace(params={"dataset": "shop"}),
    )


def test_the_gate_names_each_rule_that_is_broken() -> None:
    good, bad = predictions(right=0.95, seed=1), predictions(right=0.6, seed=2)
    assert broken_rules(report(good, good), RULES) == []
    assert broken_rules(report(bad, good), RULES) == []
    sentences = broken_rules(report(good, bad), RULES)
    assert [sentence.split(":")[0] for sentence in sentences] == ["accuracy", "log_loss", "slice style = hard"]
    assert "; review.yaml allows 0.0200" in sentences[0]
    assert sentences[2].endswith(" points; the whole 95% interval is beyond the allowed margin")


def test_a_loss_that_the_interval_does_not_rule_out_fails_the_gate() -> None:
    base = predictions(right=0.8, seed=1).iloc[:60]
    head = predictions(right=0.8, seed=2).iloc[:60]
    found = report(base, head)
    low = found.differences.scores.set_index("metric").loc["accuracy", "low"]
    assert low < -0.02
    sentence = broken_rules(found, RULES.model_copy(update={"slices": ()}))[0]
    assert sentence == f"accuracy: a loss of {-low:.4f} cannot be ruled out (95% interval); review.yaml allows 0.0200"
    right, wrong = (base.index[(base["actual"] == base["predicted"]) == hit] for hit in (True, False))
    better = base.copy()
    better.loc[wrong[:2], "predicted"] = base.loc[wrong[:2], "actual"]
    better.loc[right[0], "predicted"] = next(label for label in LABELS if label != base.loc[right[0], "actual"])
    sentence = broken_rules(report(base, better), RULES.model_copy(update={"slices": ()}))[0]
    assert re.search(r"; about [\d,]+ test rows or more seeds \(--seeds 5\) could tell$", sentence)


def test_a_rule_can_ask_that_a_loss_is_shown() -> None:
    rules = Rules.model_validate(RULES.model_dump() | {"slices": []})
    rules.metrics["accuracy"] = rules.metrics["accuracy"].model_copy(update={"rule": "not_worse", "margin": 0.0})
    del rules.metrics["log_loss"]
    few = [predictions(right=0.8, seed=seed).iloc[:60] for seed in (1, 2)]
    assert broken_rules(report(*few), rules) == []
    (sentence,) = broken_rules(report(predictions(right=0.95, seed=1), predictions(right=0.6, seed=2)), rules)
    assert re.fullmatch(
        r"accuracy: a loss of at least 0.\d+ is shown \(95% interval\); review.yaml allows 0.0000", sentence
    )


def test_a_rule_for_a_score_without_an_interval_is_an_error() -> None:
    rules = Rules.model_validate(RULES.model_dump() | {"metrics": {"auroc": RULES.model_dump()["metrics"]["accuracy"]}})
    with pytest.raises(InputError, match=r"metrics.auroc: this comparison has no interval of that score"):
        broken_rules(report(predictions(), predictions()), rules)


@pytest.mark.parametrize("rule", [{"by": "stlye", "slice": "hard"}, {"by": "style", "slice": "harder"}])
def test_a_rule_that_matches_nothing_is_an_error(rule: dict[str, str]) -> None:
    rules = RULES.model_copy(update={"slices": (SliceRule(**rule),)})
    known = "there are: style = easy, style = hard"
    with pytest.raises(InputError, match=f"no slice {rule['by']} = {rule['slice']} of 20 or more .*; {known}"):
        broken_rules(report(predictions(), predictions()), rules)


def test_an_out_of_scope_score_is_judged_by_seeds_alone() -> None:
    rules = Rules.model_validate(
        RULES.model_dump() | {"metrics": {"out_recall": RULES.model_dump()["metrics"]["accuracy"]}}
    )
    found = report(predictions(), predictions())
    row = {"metric": "out_recall", "difference": -0.1, "low": -0.15, "high": -0.05}
    found.oos = pd.DataFrame([row])
    with pytest.raises(
        InputError, match=r"metrics.out_recall is judged with two or more seeds on each side: --seeds 5"
    ):
        broken_rules(found, rules)
    found.seeds = (5, 5)
    with pytest.raises(InputError, match="is judged with two or more seeds"):
        broken_rules(found, rules)
    found.decided = (2, 2)
    (sentence,) = broken_rules(found, rules)
    assert sentence.startswith("out_recall: a loss of 0.1500 cannot be ruled out")
    found.decided, found.draw = (1, 1), (False, False)
    assert broken_rules(found, rules) == [sentence], "a method that draws nothing needs one seed"


def test_a_rule_for_another_data_set_is_moot() -> None:
    elsewhere = SliceRule(dataset="bank", by="stlye", slice="hard")
    rules = RULES.model_copy(update={"slices": (elsewhere,)})
    same = report(predictions(), predictions())
    assert broken_rules(same, rules) == []
    assert moot_rules(same, rules) == [elsewhere]
    assert moot_rules(same, RULES) == []


def on_typos(low: float, high: float, not_alike: str | None = None) -> Any:
    found = report(predictions(), predictions())
    table = pd.DataFrame([("none", 0.0, 0.0), ("typo", low, high)], columns=["change", "low", "high"])
    found.changed_texts = SimpleNamespace(table=table, not_alike=not_alike)
    return found


def change_rules(**rule: object) -> Rules:
    changes = [{"score": "accuracy", "change": "typo", "margin": 0.01} | rule]
    return Rules.model_validate(RULES.model_dump() | {"slices": [], "metrics": {}, "robustness": changes})


def test_a_rule_can_name_a_change_of_the_texts() -> None:
    assert broken_rules(on_typos(-0.05, -0.005), change_rules()) == []
    (sentence,) = broken_rules(on_typos(-0.05, -0.02), change_rules())
    shown = "accuracy with change typo: a loss of at least 0.0200 is shown (95% interval); review.yaml allows 0.0100"
    assert sentence == shown
    (sentence,) = broken_rules(on_typos(-0.05, 0.02), change_rules(rule="non_inferior"))
    assert sentence.startswith("accuracy with change typo: a loss of 0.0500 cannot be ruled out (95% interval); ")
    assert broken_rules(on_typos(-0.005, 0.02), change_rules(rule="non_inferior")) == []


def test_a_rule_for_a_change_that_is_not_there_is_an_error() -> None:
    with pytest.raises(InputError, match=r"review.yaml: robustness: no change tpyo; there are: none, typo"):
        broken_rules(on_typos(0, 0), change_rules(change="tpyo"))


def test_a_rule_for_texts_that_were_not_changed_alike_is_moot_and_says_why() -> None:
    gate = judge(on_typos(-0.5, -0.4, "main has no answers to changed texts"), change_rules())
    assert gate.broken == []
    assert gate.rules == 0
    assert gate.moot == ["accuracy with change typo: main has no answers to changed texts"]
    gate = judge(on_typos(-0.5, -0.4), change_rules(dataset="bank"))
    assert gate.moot == ["accuracy with change typo is for data set bank"]


def test_slices_are_the_sources_own_columns_length_nearness_and_truncation() -> None:
    rows = pd.DataFrame(
        {
            "text": ["where is my parcel today", "something else", "where is my parcel today?", "bye bye now"],
            "label": list("abab"),
            "split": ["test", "test", "train", "train"],
            "used": ["test", "test", "train", "train"],
            "style": ["hard", "everyday", "hard", "hard"],
            "truncated": [False, True, False, False],
            "tokens": [7, 20, 7, 5],
        },
        index=list("wxyz"),
    )
    found = slices(rows, pd.Index(["w", "x"]))
    assert found["near-duplicate of a training row"].tolist() == ["yes", "no"]
    assert found["length"].tolist() == ["5 to 8", "17 to 32"]
    assert found["truncated"].tolist() == ["no", "yes"]
    assert found["style"].tolist() == ["hard", "everyday"]


def test_a_column_of_the_source_may_have_the_name_of_the_index() -> None:
    rows = pd.DataFrame(
        {
            "text": "x y",
            "label": "a",
            "split": "test",
            "used": "test",
            "truncated": False,
            "tokens": 4,
            "source.id": "p",
        },
        index=pd.Index(range(40), name="id"),
    )
    rows.loc[:19, "source.id"] = "q"
    assert [found[:2] for found in each_slice(slices(rows, rows.index))] == [("id", "p"), ("id", "q")]


def test_a_slice_with_few_rows_is_left_out() -> None:
    base, head = predictions(seed=1), predictions(seed=2)
    style = pd.DataFrame({"style": np.where(np.arange(300) < 5, "few", "many")}, index=base.index)
    assert slice_differences(seeds(base), seeds(head), style, 0.005, UNKNOWN)["slice"].tolist() == ["many"]


def test_the_committed_rules_are_valid() -> None:
    assert read_rules(ROOT / "review.yaml").primary == "accuracy"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("min_rows:", "least_rows:", "least_rows is now called min_rows"),
        ("margin: 0.08\n", "may_lose: 0.08\n", "metrics.log_loss.may_lose is now called margin"),
        ("min_effect: 0.01\n", "worth: 0.01\n", "metrics.log_loss.worth is now called min_effect"),
        ("primary: accuracy", "primary: speed", "primary: should be 'accuracy', "),
        ("direction: lower", "direction: higher", "metrics: log_loss: direction is higher, but lower is better"),
    ],
)
def test_a_mistake_in_the_rules_is_one_sentence(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = (ROOT / "review.yaml").read_text()
    assert text.count(old) == 1
    (tmp_path / "review.yaml").write_text(text.replace(old, new))
    with pytest.raises(InputError) as error:
        read_rules(tmp_path / "review.yaml")
    assert any(line.startswith(f"{tmp_path}/review.yaml: {message}") for line in str(error.value).splitlines())


def test_rules_that_cannot_be_applied_are_no_pass() -> None:
    rules = Rules.model_validate(RULES.model_dump() | {"metrics": {"auroc": RULES.model_dump()["metrics"]["accuracy"]}})
    gate = try_to_judge(report(predictions(), predictions()), rules)
    assert gate.headline == "Gate: no rule of review.yaml was applied."
    assert "this comparison has no interval of that score" in gate.moot[0]
    with pytest.raises(InputError):
        judge(report(predictions(), predictions()), rules)


def test_a_primary_score_without_a_rule_is_an_error(tmp_path: Path) -> None:
    rules = tmp_path / "review.yaml"
    rules.write_text(REVIEW.read_text().replace("primary: accuracy", "primary: roc_auc"))
    with pytest.raises(InputError, match=r"review.yaml: primary = 'roc_auc': no rule for it under metrics"):
        read_rules(rules)
