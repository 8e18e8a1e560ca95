"""Augmentation: which training rows are changed, when, and that nothing of validation or test comes in."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from transformers import TrainerState

from stages import augment as stage
from tests.conftest import ROOT
from tests.toys import LABELS, params, task
from textclf.changes.apply import CHANGES
from textclf.data.children import read_children
from textclf.errors import InputError
from textclf.outputs import ensure_parent
from textclf.params import Augment, read_params
from textclf.preparation.cleaning import single_spaces
from textclf.preparation.preparation import Preparation
from textclf.row_groups import write_groups
from textclf.rows import new_rows, read_rows, read_tokens
from textclf.splits import SPLITS
from textclf.training.augmentation import FreshRows, augment, change, fresh_rows, is_fresh
from textclf.training.task import Task
from textclf.training.trainer import token_rows

NONE = Preparation((), ())
ROWS = pd.DataFrame(
    [
        ("r1", "where is my parcel", "a", "train"),
        ("r2", "please cancel the order", "b", "train"),
        ("r3", "I want my money back", "a", "validation"),
        ("r4", "Thank you so much", "b", "test"),
        ("r5", "tell me a joke", "out_of_scope", "out-of-scope test"),
        ("r6", "left out by a limit", "b", ""),
    ],
    columns=["id", "text", "label", "used"],
)


def table(toy: Task, **texts: str) -> pd.DataFrame:
    """The stage's table of the toy rows; `texts` are children by parent."""
    labels = [toy.labels[label] for label in toy.train.labels]
    own = pd.DataFrame({"id": toy.train.ids, "text": "where is my  parcel today", "label": labels, "parent": ""})
    ids = dict(zip(own["id"], labels, strict=True))
    children = [(f"child of {parent}", text, ids[parent], parent) for parent, text in texts.items()]
    return pd.concat([own, pd.DataFrame(children, columns=own.columns)])


@pytest.fixture
def toy(tiny: Callable[[str], Path], tmp_path: Path) -> Callable[..., Task]:
    return lambda **changes: task(tiny("bert"), tmp_path, **changes)


def shares(**changes: Any) -> Augment:
    return params(augment=changes).augment


def test_the_parameters_name_every_change_and_the_shipped_list_is_complete() -> None:
    assert set(CHANGES) | {"copies", "file", "more"} == set(Augment.model_fields)
    assert set(read_params(ROOT / "params.yaml").augment.model_dump()) == set(Augment.model_fields)


def test_new_rows_are_trained_on_together_with_those_that_the_pipeline_has_written(tmp_path: Path) -> None:
    table = pd.DataFrame({"id": ["r1", "r2"], "text": ["hi", "you"], "input_ids": [[1, 2], [1, 3, 2]]})
    write_groups([table], tmp_path / "rows.parquet")
    (tmp_path / "train.csv").write_text("id,label\nr2,b\nr1,a\n")
    train = read_rows(tmp_path / "train.csv", read_tokens(tmp_path / "rows.parquet"), ["a", "b"])
    both = train.join(new_rows(["hello"], lambda texts, **_: {"input_ids": [[7] for _ in texts]}))
    assert {ids.dtype for ids in both.input_ids} == {np.dtype(np.int32)}
    assert token_rows(both)["input_ids"] == [[1, 3, 2], [1, 2], [7]]


def test_a_change_hits_as_many_texts_as_its_share_says_and_the_same_ones_each_time() -> None:
    quarter = shares(greeting=0.25)
    keys = [f"42/{number}/0" for number in range(2000)]
    changed = [change("where is my parcel today", quarter, key) for key in keys]
    assert 0.22 < np.mean([text != "where is my parcel today" for text in changed]) < 0.28
    assert changed == [change("where is my parcel today", quarter, key) for key in keys]
    assert change("where is it", shares(), "42/1/0") == "where is it"


def test_each_epoch_changes_other_rows_and_a_repeated_row_is_changed_in_another_way(toy: Callable[..., Task]) -> None:
    plain = toy(augment={"typo": 0.5})
    fresh = augment(plain, table(plain), NONE)
    assert fresh.train.ids == plain.train.ids
    assert fresh.change_rows
    first, second = (fresh.change_rows(fresh.train, epoch) for epoch in (0, 1))
    assert 0.3 * len(plain.train.ids) < len(first) < 0.7 * len(plain.train.ids)
    assert set(first) != set(second)
    again = fresh.change_rows(fresh.train, 0)
    assert all((first[row] == again[row]).all() for row in first)
    twice = fresh.change_rows(fresh.train.take([0] * 40), 0)
    assert len({tuple(ids) for ids in twice.values()}) > 1


def test_a_text_is_changed_then_prepared_then_tokenized(toy: Callable[..., Task]) -> None:
    plain = toy(augment={"greeting": 1.0})
    fresh = augment(plain, table(plain), Preparation(("spaces",), (lambda text: single_spaces(text).upper(),)))
    assert fresh.change_rows
    changed = fresh.change_rows(fresh.train, 0)
    from textclf.training.probe_start import new_tokenizer

    text = str(new_tokenizer(plain).decode(changed[0]))
    assert text.endswith("where is my parcel today [SEP]")
    assert text.startswith("[CLS] ")
    assert text != "[CLS] where is my parcel today [SEP]"


def test_the_batches_of_an_epoch_hold_its_changed_rows_and_those_of_validation_stay() -> None:
    fresh = FreshRows(lambda epoch: {1: np.array([epoch, 7])}, lambda rows: rows)
    fresh.on_epoch_begin(None, TrainerState(epoch=2.0), None)
    rows = [{"input_ids": [5], "labels": 0, "position": 0}, {"input_ids": [6], "labels": 1, "position": 1}]
    kept, changed = fresh(rows)
    assert kept == {"input_ids": [5], "labels": 0}
    assert changed["input_ids"] == [2, 7]
    assert fresh([{"input_ids": [6], "labels": 1}]) == [{"input_ids": [6], "labels": 1}]


@pytest.mark.parametrize("method", ["features", "baseline", "head"])
def test_where_nothing_is_fresh_copies_are_added_and_the_rows_themselves_stay(
    toy: Callable[..., Task], method: str
) -> None:
    plain = toy(method=method, augment={"typo": 0.5, "copies": 2})
    more = augment(plain, table(plain), NONE)
    size = len(plain.train.ids)
    assert more.change_rows is None
    assert more.train.ids[:size] == plain.train.ids
    assert all(a is b for a, b in zip(more.train.input_ids[:size], plain.train.input_ids, strict=True))
    assert 0.7 * size < len(more.train.ids) - size < 1.3 * size, "two copies of each, of which half are changed"
    assert "where is my  parcel today" not in more.train.texts[size:]
    labels = dict(zip(plain.train.ids, plain.train.labels, strict=True))
    assert more.train.labels.tolist() == [labels[row] for row in more.train.ids]


def test_more_of_a_label_adds_its_copies_and_its_further_texts(toy: Callable[..., Task]) -> None:
    plain = toy(method="features", augment={"greeting": 1.0, "copies": 1, "more": {"a": 3}})
    parent = next(row for row, label in zip(plain.train.ids, plain.train.labels, strict=True) if LABELS[label] == "a")
    more = augment(plain, table(plain, **{parent: "and where is it"}), NONE)
    added = more.train.ids[len(plain.train.ids) :]
    assert added.count(f"child of {parent}") == 3 + 3 * 3
    assert added.count(parent) == 3
    other = next(row for row, label in zip(plain.train.ids, plain.train.labels, strict=True) if LABELS[label] == "b")
    assert added.count(other) == 1


def test_methods_whose_body_is_trained_as_a_whole_are_fresh() -> None:
    assert is_fresh(params(method="full"))
    assert is_fresh(params(method="lora"))
    assert not is_fresh(params(method="full", full={"trained_layers": 1}))
    assert not is_fresh(params(method="features"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"method": "features", "augment": {"typo": 0.1}},
            "method features changes no row anew in each epoch: set augm",
        ),
        ({"full": {"trained_layers": 2}, "augment": {"typo": 0.1}}, "full with full.trained_layers = 2 changes no row"),
        ({"augment": {"copies": 1}}, "augment.copies needs a change, such as augment.typo"),
        ({"augment": {"more": {"a": 2}}}, "augment.more needs augment.copies or augment.file"),
        ({"augment": {"file": "../x"}}, "augment.file = '../x': "),
        ({"augment": {"typos": 0.1}}, "augment.typos is not a parameter; did you mean typo?"),
        ({"augment": {"typo": 1.5}}, "augment.typo = 1.5: should be less than or equal to 1"),
    ],
)
def test_an_augmentation_that_would_do_nothing_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        params(**changes)


def test_a_run_with_fresh_rows_repeats(toy: Callable[..., Task], tmp_path: Path) -> None:
    from textclf.training.fine_tuning import fine_tune

    plain = toy(augment={"typo": 0.5, "greeting": 0.2}, epochs=2)
    fresh = augment(plain, table(plain), NONE)
    assert fresh_rows(fresh, lambda rows: rows) is not None
    curves = [fine_tune(replace(fresh, resume_dir=tmp_path / name), "layers").curve for name in ("one", "two")]
    assert curves[0] == curves[1]
    assert curves[0] != fine_tune(replace(plain, resume_dir=tmp_path / "three"), "layers").curve


def children(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "mine.csv"
    path.write_text("\n".join(["parent,text", *lines]) + "\n", encoding="utf-8")
    return path


def test_a_further_text_has_its_parents_label_and_those_of_rows_beyond_a_limit_are_left_out(tmp_path: Path) -> None:
    found = read_children(children(tmp_path, "r1,and my parcel?", "r6,whatever", "r1,and my parcel?"), ROWS)
    assert found[["text", "label", "parent"]].to_numpy().tolist() == [["and my parcel?", "a", "r1"]]
    assert found["id"].is_unique


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["r1,fine", "r9,hello"], "line 3: no row has the id 'r9'"),
        (["r3,hello"], "line 2: its parent 'r3' is a row of validation; training may know nothing of it"),
        (["r4,hello"], "line 2: its parent 'r4' is a row of test;"),
        (["r5,hello"], "line 2: its parent 'r5' is a row of out-of-scope test"),
        (["r1,i want my  MONEY back"], "line 2: its text is that of a row of validation"),
        (["r1,tell me a joke"], "line 2: its text is that of a row of out-of-scope test"),
        (["r1,<b>i want my money</b>&#32;back"], "line 2: its text is that of a row of validation"),
        (["r1, "], "line 2: its text is empty"),
        (["r1,<br />&nbsp;"], "line 2: its text is empty"),
        (["r1,a,b"], "line 2 has 3 cells"),
    ],
)
def test_a_further_text_that_would_leak_is_refused_with_its_line(
    tmp_path: Path, lines: list[str], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        read_children(children(tmp_path, *lines), ROWS)


def test_a_file_that_is_not_utf_8_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_bytes(b"parent,text\nr1,caf\xe9\n")
    with pytest.raises(InputError, match="line 2 is not UTF-8"):
        read_children(tmp_path / "mine.csv", ROWS)


def test_a_file_that_is_not_there_or_has_other_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"params.yaml: augment.file: .*no.csv does not exist"):
        read_children(tmp_path / "no.csv", ROWS)
    (tmp_path / "mine.csv").write_text("id,text\nr1,x\n")
    with pytest.raises(InputError, match="its columns must be parent and text, not id, text"):
        read_children(tmp_path / "mine.csv", ROWS)
    (tmp_path / "mine.csv").write_text("parent,text\n")
    with pytest.raises(InputError, match=r"mine\.csv has no rows"):
        read_children(tmp_path / "mine.csv", ROWS)


def test_a_share_alone_is_enough_for_the_texts_that_training_changes(
    in_tmp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path, rows in ((stage.RAW, ROWS.iloc[[0, 1, 2, 3, 5]]), (stage.OUT_OF_SCOPE, ROWS.iloc[[4]])):
        rows.to_parquet(ensure_parent(path))
    for name in SPLITS:
        ROWS[ROWS["used"] == name].to_csv(ensure_parent(stage.LISTED / f"{name}.csv"), index=False)
    ROWS.iloc[[4]].assign(split="test").to_csv(stage.LISTED / "oos.csv", index=False)
    monkeypatch.setattr(stage, "read_params", lambda: params(augment={"typo": 0.5}))
    stage.main()
    own = [["r1", "where is my parcel", "a", ""], ["r2", "please cancel the order", "b", ""]]
    assert pd.read_parquet(stage.AUGMENTED).to_numpy().tolist() == own
    monkeypatch.setattr(stage, "read_params", params)
    stage.main()
    assert pd.read_parquet(stage.AUGMENTED).empty


def test_more_of_an_unknown_label_is_refused() -> None:
    with pytest.raises(InputError, match=r"augment.more: 'c' is no label of a training row"):
        stage.check_labels(shares(copies=1, typo=0.1, more={"a": 2, "c": 2}), ROWS)
