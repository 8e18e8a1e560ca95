"""Split: who is trained on, who chooses the epoch, who is only reported."""

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from stages import split as stage
from stages.split import split_rows
from tests.conftest import ROOT
from textclf.data.draws import stratified_sample
from textclf.data.rows_per_label import rows_per_label
from textclf.errors import InputError
from textclf.outputs import ensure_parent
from textclf.params import Split, read_params


def params(**changes: Any) -> Split:
    return read_params(ROOT / "params.yaml").split.model_copy(update=changes)


def corpus(train: int = 60, test: int = 20, validation: int = 0) -> pd.DataFrame:
    parts = {"train": train, "validation": validation, "test": test}
    rows = [
        {"text": f"{part} {number}", "label": "abc"[number % 3], "split": part}
        for part, size in parts.items()
        for number in range(size)
    ]
    return pd.DataFrame(rows).assign(id=lambda table: [f"id{number}" for number in range(len(table))])


def ids(parts: dict[str, pd.DataFrame]) -> dict[str, set[str]]:
    return {name: set(part["id"]) for name, part in parts.items()}


def split(rows: pd.DataFrame, settings: Split) -> tuple[dict[str, pd.DataFrame], int]:
    parts, _, dropped = split_rows(rows, rows.iloc[:0], settings)
    return parts, dropped


def test_validation_is_a_stratified_share_of_train_and_test_stays() -> None:
    rows = corpus()
    parts, dropped = split(rows, params(validation_fraction=0.2))
    assert {name: len(part) for name, part in parts.items()} == {"train": 48, "validation": 12, "test": 20}
    assert parts["validation"]["label"].value_counts().to_dict() == {"a": 4, "b": 4, "c": 4}
    assert ids(parts)["test"] == set(rows["id"][rows["split"] == "test"])
    assert dropped == 0


def test_no_row_is_in_two_splits() -> None:
    found = ids(split(corpus(test=0), params())[0])
    assert sum(map(len, found.values())) == len(set.union(*found.values())) == 60


def test_the_sources_own_validation_rows_are_taken() -> None:
    rows = corpus(validation=9)
    parts, _ = split(rows, params())
    assert ids(parts)["validation"] == set(rows["id"][rows["split"] == "validation"])
    assert len(parts["train"]) == 60


def test_rows_whose_text_stands_in_test_are_left_out_and_counted() -> None:
    rows = corpus(validation=9)
    rows.loc[[0, 60], "text"] = "test 0"  # one of train, one of validation
    parts, dropped = split(rows, params())
    assert dropped == 2
    assert not (ids(parts)["train"] | ids(parts)["validation"]) & {"id0", "id60"}
    assert len(parts["test"]) == 20


def test_a_frequent_text_is_drawn_as_any_other_and_its_repeats_follow_it() -> None:
    texts = {label: [f"{label} {number}" for number in range(100)] for label in "ab"}
    rows = pd.DataFrame(
        [(text, label) for label in "ab" for text in texts[label] + texts[label][:10] * 20], columns=["text", "label"]
    ).assign(split="train", id=lambda table: [f"id{number}" for number in range(len(table))])
    shares = []
    for seed in range(20):
        parts, _ = split(rows, params(seed=seed))
        found = {name: set(part["text"]) for name, part in parts.items()}
        assert not found["test"] & (found["train"] | found["validation"])
        shares += [text in found["test"] for label in "ab" for text in texts[label][:10]]
    assert 0.1 < np.mean(shares) < 0.3


def test_a_source_without_a_row_for_test_is_refused() -> None:
    with pytest.raises(InputError, match="no row is for test; the source needs test rows, or training rows"):
        split(corpus(train=0, test=0, validation=9), params())


def test_the_seed_decides_and_nothing_else() -> None:
    assert ids(split(corpus(), params())[0]) == ids(split(corpus(), params())[0])
    assert ids(split(corpus(), params())[0]) != ids(split(corpus(), params(seed=1))[0])


@pytest.mark.parametrize("settings", [{}, {"train_limit": 900}, {"rows_per_label": 50}])
def test_a_row_that_is_dropped_moves_few_others(settings: dict[str, Any]) -> None:
    rows = corpus(train=2000, test=0)
    whole, less = (ids(split(table, params(**settings))[0]) for table in (rows, rows.drop(index=7)))
    for name, part in whole.items():
        assert len(part ^ less[name]) <= 4, name


def test_the_seed_decides_which_rows_of_a_label_are_drawn() -> None:
    rows = corpus(train=90, test=0)
    drawn = {(number, seed): set(rows_per_label(rows, number, seed)["id"]) for number in (3, 10) for seed in (0, 1)}
    assert [len(found) for found in drawn.values()] == [9, 9, 30, 30]
    assert drawn[10, 0] != drawn[10, 1]
    assert all(drawn[3, seed] < drawn[10, seed] for seed in (0, 1)), "fewer rows are a part of more"


def test_limits_draw_by_label_from_the_unlimited_run() -> None:
    whole = split(corpus(), params())[0]
    limited = split(corpus(), params(train_limit=9, test_limit=6))[0]
    assert limited["train"]["label"].value_counts().to_dict() == {"a": 3, "b": 3, "c": 3}
    assert len(limited["test"]) == 6
    assert ids(limited)["validation"] == ids(whole)["validation"]
    assert ids(limited)["train"] < ids(whole)["train"]


def test_a_limit_above_the_rows_takes_all() -> None:
    assert len(split(corpus(), params(test_limit=1000))[0]["test"]) == 20


def test_a_sample_keeps_the_proportions() -> None:
    rows = pd.DataFrame({"id": [str(number) for number in range(100)], "label": ["a"] * 80 + ["b"] * 20})
    assert stratified_sample(rows, 10, seed=0)["label"].value_counts().to_dict() == {"a": 8, "b": 2}


@pytest.mark.parametrize("fraction", [0.15, 0.8])
def test_a_rare_label_has_a_row_on_both_sides(fraction: float) -> None:
    rows = corpus(train=200)
    rows.loc[[0, 1], "label"] = "rare"
    parts, _ = split(rows, params(validation_fraction=fraction))
    assert (parts["train"]["label"] == "rare").sum() == (parts["validation"]["label"] == "rare").sum() == 1


def test_a_label_with_one_training_row_is_named() -> None:
    rows = corpus()
    rows.loc[0, "label"] = "rare"
    with pytest.raises(
        InputError, match=r"label 'rare' has only one of the rows to divide; split.validation_fraction needs two"
    ):
        split(rows, params())


def test_a_label_whose_texts_all_stand_in_test_is_named() -> None:
    rows = corpus()
    rows.loc[0, ["label", "text"]] = ["lost", "test 0"]
    with pytest.raises(InputError, match=r"label 'lost' has no training row left: all its texts are also in test$"):
        split(rows, params())


def test_a_label_whose_texts_are_all_drawn_is_named() -> None:
    rows = corpus(test=0)
    twins = rows[rows["label"] == "a"].iloc[:2].assign(label="twin", id=["id60", "id61"])  # drawn with those of a
    with pytest.raises(
        InputError, match=r"label 'twin' has no training row left: all its texts are in validation or test$"
    ):
        split(pd.concat([rows, twins], ignore_index=True), params(seed=5, test_fraction=0.5))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"validation_fraction": 0.01},
            "split.validation_fraction = 0.01: 1 of 60 rows for 3 labels; at least one a label is needed on both "
            "sides: set it to 0.05 or more$",
        ),
        (
            {"validation_fraction": 0.99},
            "split.validation_fraction = 0.99: .* 0.05 or more, and to 0.95 at most",
        ),
        ({"train_limit": 2}, "split.train_limit = 2: at least 3, a row for each label, are needed"),
    ],
)
def test_a_share_too_small_for_the_labels_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=f"params.yaml: {message}"):
        split(corpus(), params(**changes))


def with_out_of_scope(test: bool) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows with a class of out-of-scope rows to train on, and a table of such rows for the test."""
    out = pd.DataFrame({"text": [f"hm {n}" for n in range(20)], "label": "out_of_scope", "split": "train"})
    out["id"] = [f"oos-{n}" for n in range(20)]
    apart = out.iloc[:5].assign(split="test", id=[f"oos-t{n}" for n in range(5)]) if test else out.iloc[:0]
    return pd.concat([corpus(), out], ignore_index=True), apart


def test_a_class_of_out_of_scope_rows_leaves_the_others_where_they_are() -> None:
    alone = ids(split(corpus(), params())[0])
    parts, _, dropped = split_rows(*with_out_of_scope(test=True), params())
    assert dropped == 5, "texts that stand in the out-of-scope test rows"
    for name, part in ids(parts).items():
        assert {one for one in part if not one.startswith("oos")} == alone[name]
    assert {name: len(part) - len(alone[name]) for name, part in parts.items()} == {
        "train": 13,
        "validation": 2,
        "test": 0,
    }


def test_out_of_scope_rows_get_a_test_share_where_the_source_has_none() -> None:
    rows, apart = with_out_of_scope(test=False)
    parts, _, _ = split_rows(rows, apart, params())
    assert (parts["test"]["label"] == "out_of_scope").sum() == 4
    _, outside, _ = split_rows(corpus(), rows[rows["label"] == "out_of_scope"], params())
    assert {name: len(part) for name, part in outside.items()} == {"train": 14, "test": 4, "validation": 2}


@pytest.mark.parametrize(
    ("kinds", "sizes"),
    [
        (["", ""], {"train": 2, "test": 0, "validation": 0}),
        ([":a", *[":b"] * 9], {"train": 7, "test": 2, "validation": 1}),
        ([f":{number % 20}" for number in range(100)], {"train": 72, "test": 20, "validation": 8}),
    ],
)
def test_few_rows_out_of_scope_that_no_class_is_trained_for_stop_no_run(
    kinds: list[str], sizes: dict[str, int]
) -> None:
    out = pd.DataFrame({"label": [f"out_of_scope{kind}" for kind in kinds], "split": "train"})
    out["text"] = out["id"] = [f"oos-{number}" for number in range(len(kinds))]
    _, outside, _ = split_rows(corpus(), out, params())
    assert {name: len(part) for name, part in outside.items()} == sizes


def test_one_label_is_one() -> None:
    rows = with_out_of_scope(test=False)[0]
    with pytest.raises(InputError, match=r"= 0.01: 0 of 20 different texts for 1 label; at least"):
        split(rows, params(test_fraction=0.01))


def said(rows: pd.DataFrame, out: pd.DataFrame, capsys: pytest.CaptureFixture[str]) -> str:
    """What the stage prints."""
    rows.to_parquet(ensure_parent(stage.RAW))
    out.to_parquet(stage.OUT_OF_SCOPE)
    stage.main()
    return capsys.readouterr().err


def test_drawn_test_rows_out_of_scope_are_said_where_there_are_some(
    in_tmp: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (in_tmp / "params.yaml").write_text((ROOT / "params.yaml").read_text())
    rows, _ = with_out_of_scope(test=False)
    out, apart = rows[rows["label"] == "out_of_scope"], with_out_of_scope(test=True)[1]
    drawn = "no out-of-scope row is for test; 4 of the 20 training rows among them are drawn\n"
    assert said(corpus(), out, capsys) == drawn
    assert said(corpus(), pd.concat([out, apart.assign(split="validation")]), capsys) == drawn
    for table in (apart, out.assign(split="validation"), out.iloc[:0]):
        assert said(corpus(), table, capsys) == ""
    none = "no out-of-scope row is for test; 0 of the 2 training rows among them are drawn\n"
    assert said(corpus(), out.iloc[:2], capsys) == none


def test_a_threshold_that_needs_validation_rows_out_of_scope_is_refused_before_training(
    in_tmp: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (ROOT / "params.yaml").read_text()
    out = with_out_of_scope(test=False)[0].query("label == 'out_of_scope'")
    for target_of, refused in (("accuracy", True), ("out_of_scope", True), ("in_scope", False)):
        chosen = text.replace("  target_of: in_scope", f"  target_of: {target_of}")
        (in_tmp / "params.yaml").write_text(chosen.replace("  method: none", "  method: threshold"))
        said(corpus(), out, capsys)
        expected = f"oos.target_of = '{target_of}': no out-of-scope row is for validation; use in_scope, or give more"
        with pytest.raises(InputError, match=expected) if refused else nullcontext():
            said(corpus(), out.iloc[:5], capsys)


@pytest.mark.parametrize("twin", ["TEST 0", "  test   0 ", "test\u200b 0", "te\x00st 0", "test 0\x7f"])
def test_a_twin_of_a_test_text_is_left_out_of_train_whatever_its_case_blanks_and_invisible_signs(twin: str) -> None:
    rows = corpus()
    rows.loc[0, "text"] = twin
    parts, dropped = split(rows, params())
    assert dropped == 1
    assert not ids(parts)["train"] & {"id0"}


def test_unicodes_two_forms_are_one_text() -> None:
    rows = corpus()
    rows.loc[[0, 60], "text"] = ["cafe\u0301", "caf\u00e9"]
    assert split(rows, params())[1] == 1


def test_validation_rows_whose_text_is_trained_on_are_left_out() -> None:
    rows = corpus(validation=9)
    rows.loc[60, "text"] = "Train 5"
    parts, dropped = split(rows, params())
    assert dropped == 1
    assert len(parts["validation"]) == 8
    assert len(parts["train"]) == 60
    rows.loc[range(60, 69), "text"] = "train 5"
    with pytest.raises(InputError, match="no validation row is left: all their texts are also in train or in test"):
        split(rows, params())


def test_drawn_validation_rows_have_no_twin_in_train() -> None:
    rows = corpus()
    rows["text"] = rows["text"].where(rows["split"] == "test", rows["text"].str.slice(0, 7))
    parts, dropped = split(rows, params(validation_fraction=0.3))
    assert dropped > 0
    assert not set(parts["validation"]["text"]) & set(parts["train"]["text"])


def test_one_rule_holds_between_rows_in_and_out_of_scope() -> None:
    rows, apart = with_out_of_scope(test=True)
    rows.loc[rows["id"] == "oos-9", "text"] = "Test 0"  # a class of out-of-scope rows, and an in-scope test row
    rows.loc[0, "text"] = "HM 3"  # an in-scope training row, and an out-of-scope test row
    kept = ids(split_rows(rows, apart, params())[0])
    assert not (kept["train"] | kept["validation"]) & {"oos-9", "id0"}
    table = pd.concat([apart.assign(split="train", text=["test 1", *"xyzw"])] * 3 + [apart.assign(text="v")])
    table = table.reset_index(drop=True)
    assert "test 1" not in set(split_rows(corpus(), table, params())[1]["train"]["text"])


def test_split_files_keep_the_sources_order(tmp_path: Path) -> None:
    train = split(corpus(), params())[0]["train"]
    assert train.index.is_monotonic_increasing
