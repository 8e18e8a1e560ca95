"""Which rows are out of scope, by a file, a label, a column, or because a label is held out."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from textclf.data.corpus import Corpus, read_corpus
from textclf.data.source_spec import Source, read_source
from textclf.errors import InputError
from textclf.params import Oos, read_params


def oos(**changes: Any) -> Oos:
    return read_params(ROOT / "params.yaml").oos.model_copy(update={"method": "threshold"} | changes)


def source(**more: Any) -> Source:
    base = {"files": {"all": "data/corpora/all.csv"}, "text": "text", "label": "label", "split": "split"}
    return Source.model_validate(base | more)


def pairs(corpus: Corpus) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    rows, out = ([(row.text, row.label) for row in table.itertuples()] for table in corpus[:2])
    return rows, out


@pytest.fixture(autouse=True)
def corpora(in_tmp: Path) -> None:
    Path("data/corpora").mkdir(parents=True)


@pytest.fixture
def files() -> None:
    Path("data/corpora/all.csv").write_text("text,label,split\nx,a,train\ny,b,train\nz,a,test\n")
    Path("data/corpora/out.csv").write_text("text,kind,split\nhm,noise,train\nho,chat,test\n")
    Path("data/corpora/marked.csv").write_text(
        "text,label,split,scope,kind\nx,a,train,in,\nhm,,train,out,noise\nz,a,test,in,\n"
    )


BY_FILE: dict[str, Any] = {"out_of_scope": {"files": {"all": "data/corpora/out.csv"}, "kind": "kind"}}


def test_a_file_of_their_own_with_kinds(files: None) -> None:
    rows, out = pairs(read_corpus(source(**BY_FILE), "mine", oos()))
    assert rows == [("x", "a"), ("y", "b"), ("z", "a")]
    assert out == [("hm", "out_of_scope:noise"), ("ho", "out_of_scope:chat")]


def test_kinds_are_optional(files: None) -> None:
    _, out = pairs(read_corpus(source(out_of_scope={"files": {"all": "data/corpora/out.csv"}}), "mine", oos()))
    assert {label for _, label in out} == {"out_of_scope"}


def test_a_label(files: None) -> None:
    rows, out = pairs(read_corpus(source(out_of_scope={"label": "b"}), "mine", oos()))
    assert rows == [("x", "a"), ("z", "a")]
    assert out == [("y", "out_of_scope")]


def test_a_label_by_its_name() -> None:
    Path("data/corpora/all.csv").write_text("text,label,split\nx,0,train\ny,1,train\nz,0,test\n")
    rows, out = pairs(read_corpus(source(label_names=["a", "odd"], out_of_scope={"label": "odd"}), "mine", oos()))
    assert rows == [("x", "a"), ("z", "a")]
    assert out == [("y", "out_of_scope")]


def test_an_own_column_of_another_type_in_each_file_is_json_text() -> None:
    Path("data/corpora/train.jsonl").write_text('{"text": "x", "label": "a", "n": 1}\n{"text": "y", "label": "b"}\n')
    Path("data/corpora/test.jsonl").write_text('{"text": "z", "label": "a", "n": "two"}\n')
    files = {name: f"data/corpora/{name}.jsonl" for name in ("train", "test")}
    rows = read_corpus(source(files=files, split=None), "mine", oos()).rows
    assert rows["source.n"].tolist() == ["1", None, "two"]
    rows.to_parquet("rows.parquet")


def test_a_column_whose_rows_need_no_label(files: None) -> None:
    spec = {
        "files": {"all": "data/corpora/marked.csv"},
        "out_of_scope": {"column": "scope", "value": "out", "kind": "kind"},
    }
    rows, out = pairs(read_corpus(source(**spec), "mine", oos()))
    assert rows == [("x", "a"), ("z", "a")]
    assert out == [("hm", "out_of_scope:noise")]


def test_without_a_method_they_are_not_even_read(files: None) -> None:
    Path("data/corpora/out.csv").unlink()
    rows, out = pairs(read_corpus(source(**BY_FILE), "mine", oos(method="none")))
    assert len(rows) == 3
    assert out == []


def test_a_class_learns_those_that_are_not_for_the_test(files: None) -> None:
    rows, out = pairs(read_corpus(source(**BY_FILE), "mine", oos(method="class")))
    assert rows[-1] == ("hm", "out_of_scope:noise")
    assert out == [("ho", "out_of_scope:chat")]


def test_a_held_out_label_is_seen_in_test_alone(files: None) -> None:
    rows, out = pairs(read_corpus(source(), "mine", oos(held_out=["a"])))
    assert rows == [("y", "b")]
    assert out == [("z", "out_of_scope:a")]


def test_the_layout_of_clinc150() -> None:
    lists = {
        "oos_val": [["hm", "oos"]],
        "val": [["v", "a"]],
        "train": [["x", "a"], ["y", "b"]],
        "oos_test": [["ho", "oos"], ["hu", "oos"]],
        "test": [["z", "b"]],
        "oos_train": [["ha", "oos"]],
    }
    Path("data/corpora/small.json").write_text(json.dumps(lists))
    spec = read_source("clinc150", ROOT / "data/sources")
    small = Source.model_validate(spec.model_dump() | {"files": {"all": {"path": "data/corpora/small.json"}}})
    corpus = read_corpus(small, "clinc150", oos())
    assert corpus.rows.to_numpy().tolist() == [
        ["v", "a", "validation"],
        ["x", "a", "train"],
        ["y", "b", "train"],
        ["z", "b", "test"],
    ]
    assert corpus.out_of_scope["split"].tolist() == ["validation", "test", "test", "train"]
    assert set(corpus.out_of_scope["label"]) == {"out_of_scope"}


def test_another_layout_is_not_clinc150s() -> None:
    Path("data/corpora/small.json").write_text('{"train": "x"}')
    with pytest.raises(InputError, match=r"small.json is not readable as clinc"):
        read_corpus(source(files={"all": "data/corpora/small.json"}, format="clinc"), "mine", oos())


@pytest.mark.parametrize("method", ["class", "gate"])
def test_a_corpus_without_such_rows_is_refused_in_one_sentence(files: None, method: str) -> None:
    with pytest.raises(InputError) as refused:
        read_corpus(source(), "mine", oos(method=method))
    assert str(refused.value) == (
        f"params.yaml: oos.method = '{method}': mine has no out-of-scope rows to train on; name some under "
        "out_of_scope in data/sources/mine.yaml, or use threshold, which needs none"
    )


def test_a_gate_learns_from_no_validation_row(files: None) -> None:
    Path("data/corpora/outside.csv").write_text("text,label\nx,\ny,\n")
    spec = source(out_of_scope={"files": {"validation": "data/corpora/outside.csv"}})
    assert len(read_corpus(spec, "mine", oos(method="threshold")).out_of_scope) == 2
    with pytest.raises(InputError, match=r"oos\.method = 'gate': mine has no out-of-scope rows to train on"):
        read_corpus(spec, "mine", oos(method="gate"))


def test_an_unknown_held_out_label_is_refused(files: None) -> None:
    with pytest.raises(InputError, match=r"oos.held_out: mine has no label 'c'"):
        read_corpus(source(), "mine", oos(held_out=["a", "c"]))


def test_the_reserved_name_is_refused_unless_the_spec_says_so(files: None) -> None:
    Path("data/corpora/all.csv").write_text("text,label,split\nx,a,train\ny,out_of_scope,train\n")
    with pytest.raises(InputError, match=r"all.csv: line 3 has the label 'out_of_scope', a name that is reserved for"):
        read_corpus(source(), "mine", oos())
    _, out = pairs(read_corpus(source(out_of_scope={"label": "out_of_scope"}), "mine", oos()))
    assert out == [("y", "out_of_scope")]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({}, "one of files, label and column is needed"),
        ({"label": "a", "column": "b", "value": "c"}, "one of files, label and column is needed"),
        ({"column": "b"}, "column and value go together"),
        ({"label": "a", "sort": "b"}, "Extra inputs are not permitted"),
    ],
)
def test_a_spec_says_it_one_way(spec: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        source(out_of_scope=spec)


def test_a_missing_column_is_named(files: None) -> None:
    with pytest.raises(InputError, match=r"all.csv: no column 'scope' \(`out_of_scope.column` in the source spec\)"):
        read_corpus(source(out_of_scope={"column": "scope", "value": "out"}), "mine", oos())


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"label": "ooos"}, "label: ooos; the column has 'a', 'b'"),
        ({"column": "label", "value": "ooos"}, "column: label, value: ooos; the column has 'a', 'b'"),
        ({"column": "scope", "value": "false"}, "column: scope, value: false; the column has '', 'False', 'True'"),
        ({"column": "number", "value": "9"}, "column: number, value: 9; the column has '0', '1', '2', '3', '4', …"),
    ],
)
def test_a_mark_that_no_row_has_is_an_error(spec: dict[str, str], message: str) -> None:
    rows = "".join(
        f"x{number},{'ab'[number % 2]},train,{['True', 'False', ''][number % 3]},{number}\n" for number in range(6)
    )
    Path("data/corpora/all.csv").write_text(f"text,label,split,scope,number\n{rows}")
    with pytest.raises(InputError) as refused:
        read_corpus(source(out_of_scope=spec), "mine", oos(method="none"))
    assert str(refused.value) == f"data/sources/mine.yaml: out_of_scope: no row is marked by {message}"


@pytest.mark.parametrize(("held", "value"), [("true", "true"), ("1.0", "1"), ('" x "', " x "), ("1", "1")])
def test_a_value_is_compared_as_it_is_written(held: str, value: str) -> None:
    rows = [f'{{"text": "a", "label": "b", "o": {held}}}', '{"text": "c", "label": "d", "o": null}']
    Path("data/corpora/x.jsonl").write_text("\n".join(rows))
    spec = {"files": {"all": "data/corpora/x.jsonl"}, "split": None, "out_of_scope": {"column": "o", "value": value}}
    inside, out = pairs(read_corpus(source(**spec), "mine", oos()))
    assert (inside, out) == ([("c", "d")], [("a", "out_of_scope")])


def test_a_kind_is_optional_in_files_of_their_own(files: None) -> None:
    Path("data/corpora/out.csv").write_text("text,kind,split\nhm,noise,train\nho,,test\n")
    _, out = pairs(read_corpus(source(**BY_FILE), "mine", oos()))
    assert out == [("hm", "out_of_scope:noise"), ("ho", "out_of_scope")]


def test_a_folder_says_what_to_do(files: None) -> None:
    Path("data/corpora/saved").mkdir()
    with pytest.raises(InputError, match=r"data/corpora/saved is a folder; if `datasets` saved it"):
        read_corpus(source(files={"all": "data/corpora/saved"}), "mine", oos())
