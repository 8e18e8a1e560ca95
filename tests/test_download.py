"""Download: ids, label order and what is counted."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from stages.download import describe, label_order, with_ids
from tests.own_data import make_project, run_stage
from textclf.data.corpus import read_splits
from textclf.data.ids import row_ids
from textclf.data.source_spec import Source
from textclf.errors import InputError


@pytest.fixture(autouse=True)
def corpora(in_tmp: Path) -> None:
    Path("data/corpora").mkdir(parents=True)


def source(**more: Any) -> Source:
    return Source.model_validate({"files": {"all": "data/corpora/all.csv"}, "text": "text", "label": "label"} | more)


def table(*rows: tuple[str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["text", "label", "split"])


def test_ids_are_unique_and_a_test_rows_id_depends_on_its_text_alone() -> None:
    test = table(("hi", "a", "test"), ("hi", "a", "test"))
    everything = pd.concat([table(("hi", "a", "train"), ("yo", "b", "train")), test], ignore_index=True)
    ids = row_ids(everything)
    assert ids.is_unique
    assert ids.tolist()[2:] == row_ids(test).tolist()


def test_an_id_stands_in_one_of_the_tables_alone() -> None:
    out = table(("hm", "out_of_scope", "train")), table(("hm", "out_of_scope", "test"))
    rows, apart = with_ids(*out)
    assert rows["id"][0] == f"{apart['id'][0]}-1"
    assert apart["id"].tolist() == row_ids(out[1]).tolist()


def test_labels_are_sorted_or_as_the_source_orders_them() -> None:
    rows = table(("x", "b", "train"), ("y", "a", "train"))
    assert label_order(rows, source()) == ["a", "b"]
    assert label_order(rows, source(label_names=["b", "a"])) == ["b", "a"]


def test_a_label_in_test_that_train_lacks_is_named() -> None:
    rows = table(("x", "a", "train"), ("y", "b", "train"), ("z", "c", "test"))
    for more in ({}, {"descriptions": {"c": "described"}}):
        with pytest.raises(InputError, match="test rows have the label 'c', which no train row has"):
            label_order(rows, source(**more))


@pytest.mark.parametrize("other", ["a", "out_of_scope"])
def test_one_label_only_is_refused(other: str) -> None:
    with pytest.raises(InputError, match="one label only, 'a'; a classifier needs two or more"):
        label_order(table(("x", "a", "train"), ("y", other, "train")), source())


def test_out_of_scope_rows_alone_are_refused() -> None:
    with pytest.raises(InputError, match="the rows have no label that is in scope; a classifier needs two or more"):
        label_order(table(("x", "out_of_scope", "train")), source())


def test_duplicates_conflicts_and_leaks_are_counted() -> None:
    rows = table(
        ("same", "a", "train"),
        ("same", "a", "train"),
        ("torn", "a", "train"),
        ("torn", "b", "train"),
        ("leak", "b", "train"),
        ("leak", "b", "test"),
    )
    assert describe(rows, ["a", "b"], empty_texts=3) == {
        "train_rows": 5,
        "validation_rows": 0,
        "test_rows": 1,
        "labels": 2,
        "empty_texts": 3,
        "duplicate_rows": 1,
        "conflicting_texts": 1,
        "train_texts_in_test": 1,
    }


def test_a_split_column_divides_a_file_of_all_rows() -> None:
    Path("data/corpora/all.csv").write_text("text,label,part\nx,a,train\ny,b,test\n")
    assert read_splits(source(split="part"), "mine")["split"].tolist() == ["train", "test"]


def test_an_unknown_split_is_refused() -> None:
    Path("data/corpora/all.csv").write_text("text,label,part\nx,a,train\ny,b,dev\n")
    with pytest.raises(InputError, match=r"all\.csv: line 3: split 'dev'; allowed: train, validation, test"):
        read_splits(source(split="part"), "mine")


@pytest.fixture
def project(in_tmp: Path) -> Path:
    return make_project(in_tmp)


def test_empty_texts_are_left_out_and_counted(project: Path) -> None:
    Path("data/corpora/all.csv").write_text('text,label\nx,a\n"  ",a\ny,b\n')
    done = run_stage("download", project)
    assert "mine: 1 rows have no text and are left out" in done.stderr
    assert done.returncode == 0
    assert json.loads(Path("metrics/data.json").read_text())["empty_texts"] == 1
    assert pd.read_parquet("data/raw/rows.parquet")["text"].tolist() == ["x", "y"]


def test_a_held_out_label_is_none_even_if_the_spec_describes_or_names_it() -> None:
    trained = table(("x", "a", "train"), ("y", "b", "train"))
    assert label_order(trained, source(descriptions={"a": "one", "c": "held"}), ["c"]) == ["a", "b"]
    tested = table(("x", "a", "test"), ("y", "b", "test"))
    assert label_order(tested, source(descriptions={"c": "held"}, label_names=["c", "b", "a"]), ["c"]) == ["b", "a"]


def test_holding_out_too_many_labels_names_the_parameter() -> None:
    with pytest.raises(InputError, match=r"oos\.held_out leaves one label only, 'a'"):
        label_order(table(("x", "a", "train")), source(), ["b"])
    with pytest.raises(InputError, match=r"oos\.held_out = \['a', 'b'\] leaves no row"):
        label_order(table(("x", "a", "train")).iloc[:0], source(), ["a", "b"])
