"""Corrections: decisions about single rows, applied on top of a data set's pinned bytes."""

import json
from pathlib import Path

import pandas as pd
import pytest

from tests.own_data import make_project, run_stage
from textclf.data.corpus import read_corpus
from textclf.data.corrections import COLUMNS, apply_corrections, read_corrections
from textclf.data.ids import row_ids
from textclf.data.source_spec import Source, read_source
from textclf.errors import InputError
from textclf.params import read_params

FILE = Path("data/corrections/mine.csv")
ROWS = pd.DataFrame(
    [
        ("where is it", "order", "train"),
        ("where is it", "refund", "train"),
        ("money back", "order", "train"),
        ("bye", "order", "test"),
        ("hm", "out_of_scope", "train"),
    ],
    columns=["text", "label", "split"],
)
IDS = dict(zip([*range(5)], row_ids(ROWS), strict=True))


@pytest.fixture(autouse=True)
def folder(in_tmp: Path) -> None:
    FILE.parent.mkdir(parents=True)


def write(*lines: str) -> None:
    FILE.write_text("\n".join([",".join(COLUMNS), *lines]) + "\n")


def corrected(*lines: str) -> pd.DataFrame:
    write(*lines)
    return apply_corrections(ROWS, read_corrections(FILE))


def test_a_row_is_relabeled_dropped_and_added_and_the_others_stay_as_they_were() -> None:
    table = corrected(
        f"{IDS[2]},money back,,relabel,refund,me,says money",
        f"{IDS[0]},where is it,train,drop,,me,",
        ",oh no,,add,order,me,",
    )
    assert table[["text", "label", "split"]].to_numpy().tolist() == [
        ["where is it", "refund", "train"],
        ["money back", "refund", "train"],
        ["bye", "order", "test"],
        ["hm", "out_of_scope", "train"],
        ["oh no", "order", "train"],
    ]
    assert table["judged"].tolist() == ["", "relabel", "", "", "add"]


def test_ids_stay_when_a_row_of_the_same_text_is_dropped_and_an_added_one_gets_a_free_one() -> None:
    table = corrected(f"{IDS[0]},where is it,,drop,,me,", ",where is it,,add,order,me,")
    assert row_ids(table).tolist()[:4] == [IDS[1], IDS[2], IDS[3], IDS[4]]
    assert row_ids(table).tolist()[4] == IDS[0]
    assert row_ids(corrected(f"{IDS[2]},money back,,relabel,out_of_scope,me,"))[2] == f"oos-{IDS[2]}"
    assert row_ids(corrected(f"{IDS[4]},hm,,relabel,order,me,"))[4] == IDS[4].removeprefix("oos-")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("0123,money back,,relabel,refund,me,", "line 2: the data set has no row 0123"),
        ("{2},money,,relabel,refund,me,", "line 2: row {2} has another text"),
        ("{2},money back,,relabel,order,me,", "line 2: row {2} already has the label 'order'"),
        ("{2},money back,,keep,refund,me,", "line 2: row {2} has the label 'order', not 'refund'"),
        ("{2},money back,,relabel,refnd,me,", "line 2: no row has the label 'refnd'; did you mean refund?"),
        ("{2},money back,validation,relabel,refund,me,", "line 2: row {2} is in train, not in validation"),
        ("{3},bye,,relabel,refund,me,", "line 2: row {3} is a test row; it is corrected only where the line says so"),
        ("{2},money back,,rename,refund,me,", "line 2: action 'rename'; allowed: relabel, drop, add, keep"),
        ("{2},money back,dev,drop,,me,", "line 2: split 'dev'; allowed: train, validation, test, or nothing"),
        ("{2},money back,,relabel,,me,", "line 2: relabel needs a label"),
        ("{2},money back,,drop,order,me,", "line 2: drop has no label"),
        (",money back,,drop,,me,", "line 2: drop needs an id"),
        ("{2},money back,,add,order,me,", "line 2: an added row has no id yet"),
        (",Money  BACK,,add,order,me,", "line 2: the data set has this text with the label 'order' already"),
        (",x,,add,order,me,\n,X,,add,order,me,", "line 3: the data set has this text with the label 'order' already"),
        ("{2},money back,,drop,,me,\n{2},money back,,drop,,me,", "line 3: id {2} appears in line 2 too"),
        (",\u200b,,add,order,me,", "line 2: an added row needs a text"),
        ("{2},money back,,drop,,me", "line 2 has 6 cells, and the header 7"),
        (",x,,add,out_of_scope:</script>,me,", "line 2: label 'out_of_scope:</script>' looks like HTML"),
        (',x,,add,"out_of_scope:x\ny",me,', "line 2: label 'out_of_scope:x\\ny' holds a control character"),
        (",x,,add,out_of_scope:,me,", "line 2: label 'out_of_scope:' has no visible character after its colon"),
        (",x,,add,out_of_scope: ,me,", "line 2: label 'out_of_scope: ' has no visible character after its colon"),
        ("{2},money back,,relabel,out_of_scope: x,me,", "line 2: label 'out_of_scope: x' has blanks around its kind"),
        (f",x,,add,out_of_scope:{'x' * 200},me,", "line 2 has a label of 213 characters, over the limit of 200"),
        (
            ",x,,add,out_of_scope:x,me,\n,y,,add,out_of_scope:x\u200b,me,",
            "line 3: the labels 'out_of_scope:x' and 'out_of_scope:x\\u200b' look the same; use one name",
        ),
    ],
)
def test_a_line_that_does_not_match_is_an_error_with_its_number(line: str, message: str) -> None:
    with pytest.raises(InputError) as error:
        corrected(line.format(*IDS.values()))
    assert message.format(*IDS.values()) in str(error.value)


def test_a_test_row_is_corrected_where_the_line_says_so() -> None:
    assert corrected(f"{IDS[3]},bye,test,relabel,refund,me,")["label"][3] == "refund"


def test_a_kind_of_the_rows_may_be_named_exactly_but_not_by_one_that_looks_the_same() -> None:
    rows = ROWS.replace({"label": {"out_of_scope": "out_of_scope:caf\u00e9"}})
    write(",oh,,add,out_of_scope:caf\u00e9,me,")
    assert apply_corrections(rows, read_corrections(FILE))["label"].tolist()[-1] == "out_of_scope:caf\u00e9"
    write(",oh,,add,out_of_scope:cafe\u0301,me,")
    with pytest.raises(InputError, match=r"line 2: the labels .* look the same; use one name"):
        apply_corrections(rows, read_corrections(FILE))


def test_other_columns_and_a_missing_file_are_refused() -> None:
    FILE.write_text("id,text\n")
    with pytest.raises(InputError, match="line 1: its columns are id, text; needed are id, text, split, action"):
        read_corrections(FILE)
    with pytest.raises(
        InputError, match=r"nowhere\.csv is missing; without corrections it holds one line: id,text,split"
    ):
        read_corrections(Path("nowhere.csv"))


def test_corrections_lie_where_dvc_watches() -> None:
    files = {"files": {"all": "data/corpora/all.csv"}, "text": "text", "label": "label"}
    for path in ("data/corpora/mine.csv", "../mine.csv", "data/corrections/mine.txt"):
        with pytest.raises(ValueError, match=r"is not a \.csv file in data/corrections, the folder that DVC watches"):
            Source.model_validate(files | {"corrections": path})


@pytest.fixture
def project(in_tmp: Path) -> Path:
    make_project(in_tmp)
    spec = Path("data/sources/mine.yaml")
    spec.write_text(spec.read_text() + f"split: split\ncorrections: {FILE}\n")
    Path("data/corpora").mkdir(exist_ok=True)
    ROWS[ROWS["label"] != "out_of_scope"].to_csv("data/corpora/all.csv", index=False)
    return in_tmp


def test_download_applies_and_counts_them(project: Path) -> None:
    write(
        f"{IDS[2]},money back,,relabel,refund,me,",
        f"{IDS[0]},where is it,,keep,order,me,",
        f"{IDS[3]},bye,test,relabel,refund,me,",
        ",oh no,,add,order,me,",
        ",good morning,,add,out_of_scope:chitchat,me,",
    )
    done = run_stage("download", project)
    assert done.returncode == 0, done.stderr
    rows = pd.read_parquet("data/raw/rows.parquet")
    assert rows["label"].tolist() == ["order", "refund", "refund", "refund", "order"]
    assert rows["id"].tolist()[:4] == [IDS[0], IDS[1], IDS[2], IDS[3]]
    assert list(rows.columns) == ["id", "text", "label", "split"]
    judged = pd.read_csv("data/judged.csv", dtype=str)
    assert judged["judged"].tolist() == ["keep", "relabel", "relabel", "add"]
    assert json.loads(Path("metrics/corrections.json").read_text()) == {
        "relabel": 2,
        "drop": 0,
        "add": 2,
        "keep": 1,
        "test_rows": 1,
    }
    assert json.loads(Path("metrics/data.json").read_text())["corrections"] == 5


def test_added_messages_out_of_scope_wait_for_an_oos_method(project: Path) -> None:
    write(",good morning,,add,out_of_scope:chitchat,me,", ",see you,test,add,out_of_scope,me,")
    source = read_source("mine", Path("data/sources"))
    oos = read_params().oos
    assert len(read_corpus(source, "mine", oos).out_of_scope) == 0
    found = read_corpus(source, "mine", oos.model_copy(update={"method": "threshold"})).out_of_scope
    assert found["text"].tolist() == ["good morning", "see you"]
    learned = read_corpus(source, "mine", oos.model_copy(update={"method": "class"}))
    assert learned.rows["label"].tolist()[-1] == "out_of_scope:chitchat"


def test_a_bad_line_ends_download_with_one_sentence_and_writes_nothing(project: Path) -> None:
    write(f"{IDS[2]},money,,drop,,me,")
    done = run_stage("download", project)
    assert done.returncode == 1
    assert done.stderr == f"error: data/corrections/mine.csv: line 2: row {IDS[2]} has another text\n"
    assert not Path("data/raw").exists()
