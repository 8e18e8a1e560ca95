"""The page of decisions in a headless browser, and without one: nothing that was decided is lost."""

import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.browser import SLOWLY, needs_chromium, says
from tests.browser import browser as browser
from tests.conftest import ROOT
from tests.own_data import make_project, run_stage
from textclf.audit.audit import COLUMNS
from textclf.data.ids import row_ids
from textclf.errors import InputError
from textclf.params import read_params
from tools.audit import __main__ as audit
from tools.audit.app import create_app
from tools.audit.queue import label_names, messages, read_rows, suspects
from tools.audit.session import Session
from tools.audit.similar import Similar
from tools.audit.store import Store
from tools.serve.feedback import Feedback

FILE = Path("data/corrections/mine.csv")
MARKUP = '<img src=x onerror="document.title=1">'
LABELS = ["refund", "order", MARKUP]
LOCK = "stages:\n  download:\n    params:\n      params.yaml:\n        dataset: {}\n"


@pytest.fixture
def project(in_tmp: Path) -> Path:
    """A data set of 42 rows, of which 14 are suspect; one of its labels is markup."""
    make_project(in_tmp)
    spec = Path("data/sources/mine.yaml")
    spec.write_text(spec.read_text() + f"split: split\ncorrections: {FILE}\n")
    rows = pd.DataFrame(
        {"text": [f"message <b>{n}</b> & more" for n in range(42)], "label": LABELS * 14, "split": "train"}
    )
    rows.loc[40:, "split"] = "test"
    rows.insert(0, "id", row_ids(rows))
    for folder in ("data/raw", "data/audit", "data/corpora", "data/corrections"):
        Path(folder).mkdir(parents=True, exist_ok=True)
    rows.drop(columns="id").to_csv("data/corpora/all.csv", index=False)
    rows.to_parquet("data/raw/rows.parquet")
    rows.iloc[:0].to_parquet("data/raw/oos.parquet")
    found = rows.head(14).assign(suggested=LABELS[1:2] * 14, probability=0.9, kind="label", twin="", similarity="")
    found.loc[found["label"] == "order", "suggested"] = MARKUP
    found[COLUMNS].to_csv("data/audit/rows.csv", index=False)
    Path("dvc.lock").write_text(LOCK.format("mine"))
    return in_tmp


def session() -> Session:
    items, rows = suspects(), read_rows()
    return Session(items, label_names(rows, items), Store(FILE), "me")


def written() -> list[dict[str, str]]:
    with FILE.open(newline="") as lines:
        return list(csv.DictReader(lines))


def test_a_decision_is_written_at_once_and_can_be_taken_back(project: Path) -> None:
    made = session()
    first, second = made.items[:2]
    made.decide(first.key, "relabel", "order", "")
    assert (FILE.read_text().splitlines()[1]) == f"{first.id},{first.text},train,relabel,order,me,"
    made.decide(second.key, "keep", "", "fine, really")
    assert written()[1]["reason"] == "fine, really"
    assert [item.key for item in made.left()][:1] == [made.items[2].key]
    made.undo(second.key)
    made.undo(first.key)
    assert FILE.read_text() == "id,text,split,action,label,by,reason\n"
    with pytest.raises(InputError, match="nothing to undo: this decision was taken back already"):
        made.undo(first.key)


def test_what_stands_in_the_file_keeps_its_bytes_when_a_decision_is_added(project: Path) -> None:
    before = b'id,text,split,action,label,by,reason\r\n,"one\rtwo\r\nthree\nfour",train,add,order,me,"a\rb"\r\n'
    FILE.write_bytes(before)
    made = session()
    made.decide(made.items[0].key, "drop", "", "")
    assert FILE.read_bytes().startswith(before)
    assert written()[0]["text"] == "one\rtwo\r\nthree\nfour"
    made.undo(made.items[0].key)
    assert FILE.read_bytes() == before


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_undo_takes_out_the_lines_of_its_decision_alone(project: Path, end: bytes) -> None:
    before = b"\xef\xbb\xbfid,text,split,action,label,by,reason" + end + b',"hello","","add","order","me",""' + end
    FILE.write_bytes(before)
    made, theirs = session(), session()
    made.decide(made.items[0].key, "keep", "", "one\ntwo\rthree")
    theirs.decide(theirs.items[1].key, "keep", "", "")
    added = FILE.read_bytes().removeprefix(before)
    made.undo(made.items[0].key)
    assert FILE.read_bytes() == before + added[added.rindex(b"\n", 0, -1) + 1 :]
    theirs.undo(theirs.items[1].key)
    assert FILE.read_bytes() == before


def test_a_decision_that_is_not_in_the_file_any_more_cannot_be_taken_back(project: Path) -> None:
    made = session()
    made.decide(made.items[0].key, "keep", "", "")
    FILE.write_text("id,text,split,action,label,by,reason\n")
    with pytest.raises(InputError, match=r"this decision is not in data/corrections/mine\.csv any more"):
        made.undo(made.items[0].key)
    FILE.unlink()
    with pytest.raises(InputError, match=r"this decision is not in data/corrections/mine\.csv any more"):
        made.undo(made.items[0].key)


def test_a_row_that_is_decided_again_after_its_line_went_can_be_taken_back(project: Path) -> None:
    made = session()
    key = made.items[0].key
    made.decide(key, "keep", "", "")
    FILE.write_text("id,text,split,action,label,by,reason\n")
    made.decide(key, "drop", "", "")
    assert made.decided == 1
    made.undo(key)
    assert written() == []


def test_decisions_are_written_in_the_order_of_the_columns_that_the_file_has(project: Path) -> None:
    header = "reason,by,label,action,split,text,id"
    FILE.write_text(f"{header}\nbecause,you,order,add,,hello,\n")
    made, first = session(), session().items[0]
    made.decide(first.key, "relabel", "order", "fine")
    made.decide(made.items[1].key, "drop", "", "")
    made.undo(made.items[1].key)
    lines = [header, "because,you,order,add,,hello,", f"fine,me,order,relabel,train,{first.text},{first.id}"]
    assert FILE.read_text().splitlines() == lines


@pytest.mark.parametrize(
    ("action", "label", "message"),
    [
        ("relabel", "refund", "the row already has the label 'refund'; keep it instead"),
        ("relabel", "ordr", "relabel: no row has the label 'ordr'; did you mean order"),
        ("relabel", "", "relabel: no row has the label ''"),
        ("destroy", "", "action 'destroy'; allowed: keep, relabel, drop"),
        (
            "keep",
            "order",
            "keep leaves the label 'refund', but the label 'order' is filled in; relabel, or empty",
        ),
        ("drop", "order", "drop needs no label, but the label 'order' is filled in; relabel, or empty the cell"),
        ("relabel", "out_of_scope:</script>", "relabel: label 'out_of_scope:</script>' looks like HTML"),
    ],
)
def test_what_download_would_not_take_is_not_written(project: Path, action: str, label: str, message: str) -> None:
    made = session()
    with pytest.raises(InputError, match=message):
        made.decide(made.items[0].key, action, label, "")
    assert not FILE.exists()


def test_a_kind_that_looks_like_one_in_the_file_is_not_written(project: Path) -> None:
    made = session()
    made.decide(made.items[0].key, "relabel", "out_of_scope:x", "")
    before = FILE.read_bytes()
    with pytest.raises(InputError, match=r"the labels 'out_of_scope:x' and 'out_of_scope:x\\u200b' look the same"):
        made.decide(made.items[1].key, "relabel", "out_of_scope:x\u200b", "")
    assert FILE.read_bytes() == before


def test_what_is_written_is_taken_by_download(project: Path) -> None:
    made = session()
    for item, action, label in zip(made.items, ["keep", "drop", "relabel"], ["", "", "order"], strict=False):
        made.decide(item.key, action, label, "")
    shutil.rmtree("data/raw")
    done = run_stage("download", project)
    assert done.returncode == 0, done.stderr
    assert len(pd.read_parquet("data/raw/rows.parquet")) == 41


def test_a_row_that_another_process_decided_is_refused(project: Path) -> None:
    ours, theirs = session(), session()
    theirs.decide(theirs.items[0].key, "drop", "", "")
    with local(create_app(ours, Similar(read_rows()), "f")) as client:
        token = page_token(client)
        body = {"key": ours.items[0].key, "action": "keep"}
        assert client.post("/decide", json=body, headers={"X-Token": token}).status_code == 409
        assert len(client.get("/rows").json()["rows"]) == 13
    assert [line["action"] for line in written()] == ["drop"]


def test_what_is_wrong_with_a_request_or_the_file_is_a_sentence_that_repeats_no_input(project: Path) -> None:
    made = session()
    with local(create_app(made, Similar(read_rows()), "f"), raise_server_exceptions=False) as client:
        for path in ("/decide", "/undo", "/similar"):
            cut = client.post(path, content=b'{"key": "4711 \\ud800"}', headers={"Content-Type": "application/json"})
            assert cut.status_code == 422
            assert "4711" not in cut.text
        FILE.write_text("id,text\n1,2,3\n")
        found = client.get("/rows")
        assert found.status_code == 422
        assert "data/corrections/mine.csv" in found.json()["detail"]


def local(app: FastAPI, raise_server_exceptions: bool = True) -> TestClient:
    return TestClient(app, "http://127.0.0.1", raise_server_exceptions)  # a name of this machine, as the tool asks for


def page_token(client: TestClient) -> str:
    text = client.get("/").text
    return text.split('"token": "')[1].split('"')[0]


def test_another_site_can_neither_decide_nor_read(project: Path) -> None:
    made = session()
    with local(create_app(made, Similar(read_rows()), "f")) as client:
        body = {"key": made.items[0].key, "action": "drop"}
        assert client.post("/decide", json=body).status_code == 403
        assert client.post("/undo", json={"key": body["key"]}, headers={"X-Token": "guess"}).status_code == 403
        assert client.get("/rows", headers={"Host": "evil.example"}).status_code == 400
        policy = client.get("/").headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy  # nor show the page in its own, for clicks
        assert "access-control-allow-origin" not in client.get("/rows").headers
        assert "<img src=x" not in client.get("/").text
    assert not FILE.exists()


def test_similar_rows_are_those_of_the_label_without_the_text_itself_and_without_test_rows(project: Path) -> None:
    rows = read_rows()
    found = Similar(rows).to("message <b>3</b> & more", ["refund"])["refund"]
    assert len(found) == 3
    assert set(found) <= set(rows["text"][(rows["label"] == "refund") & (rows["split"] != "test")])
    assert "message <b>3</b> & more" not in found


def test_test_rows_that_the_run_has_drawn_are_not_shown_as_similar_either(project: Path) -> None:
    rows = read_rows()
    first = Similar(rows).to("message <b>3</b> & more", ["refund"])["refund"]
    Path("data/splits").mkdir()
    rows.loc[rows["text"].isin(first), ["id", "label"]].to_csv("data/splits/test.csv", index=False)
    found = Similar(rows).to("message <b>3</b> & more", ["refund"])["refund"]
    assert len(found) == 3
    assert not set(found) & set(first)


def test_messages_from_the_service_are_added_in_scope_or_out(project: Path) -> None:
    Path("said.csv").write_text(
        'text,answered,label\nmessage <b>1</b> & MORE,order,refund\n"oh, no",order,refund\n'
        '"Oh,  no",order,out_of_scope:chitchat\n'
        "hi,out_of_scope,order\n"
    )
    items = messages(Path("said.csv"))
    assert [(item.given, item.suggested) for item in items] == [
        ("order", "out_of_scope:chitchat"),
        ("out_of_scope", "order"),
    ]
    made = Session(items, label_names(read_rows(), items), Store(FILE), "me")
    made.decide(items[0].key, "relabel", "out_of_scope:chitchat", "")
    made.decide(items[1].key, "keep", "", "")
    with pytest.raises(InputError, match="can't be dropped; skip it"):
        made.decide(items[1].key, "drop", "", "")
    assert [(line["action"], line["label"]) for line in written()] == [
        ("add", "out_of_scope:chitchat"),
        ("add", "out_of_scope"),
    ]
    assert not made.left()


def test_a_message_with_a_kind_that_is_no_name_can_be_seen_but_gets_another_label(project: Path) -> None:
    Path("said.csv").write_text("text,label\nhi,out_of_scope:</script>\nyo,out_of_scope:yo\nho,out_of_scope:yo\u200b\n")
    items = messages(Path("said.csv"))
    labels = label_names(read_rows(), items)
    assert [label for label in labels if label.startswith("out")] == ["out_of_scope", "out_of_scope:yo"]
    made = Session(items, labels, Store(FILE), "me")
    for item, message in zip((items[0], items[2]), ("looks like HTML", "look the same"), strict=True):
        with pytest.raises(InputError, match=message):
            made.decide(item.key, "relabel", item.suggested, "")
    assert not FILE.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"text,answered\nhello there,refund,\n", "said.csv: line 2 has 3 cells, and the header 2"),
        (b"text,answered\nhello,refund\nthere\n", "said.csv: line 3 has 1 cell, and the header 2"),
        (b"text,text\nhello,there\n", "said.csv: two columns are called 'text'"),
        (b"text\nhello\ncaf\xe9\n", "said.csv: line 3 is not UTF-8"),
        (b"hello,there\nrefund,order\n", "said.csv: no column text; it has hello, there"),
        (b"", "said.csv: no column text; the file is empty"),
        (None, "said.csv does not exist"),
    ],
)
def test_a_file_of_messages_that_would_be_misread_is_refused_with_the_line(
    project: Path, content: bytes | None, message: str
) -> None:
    if content is not None:
        Path("said.csv").write_bytes(content)
    with pytest.raises(InputError) as error:
        messages(Path("said.csv"))
    assert message in str(error.value)


def test_messages_are_read_as_this_project_and_spreadsheets_write_them(project: Path) -> None:
    feedback = Feedback(Path("said.csv"))
    feedback.add('one\r\ntwo, "three"', "order", "refund")
    feedback.add("NA", "order", "order")
    assert [(item.text, item.given, item.suggested) for item in messages(Path("said.csv"))] == [
        ('one\r\ntwo, "three"', "order", "refund"),
        ("NA", "order", "order"),
    ]
    Path("next.csv").write_bytes(b'\xef\xbb\xbf"text","predicted","probability","group"\r\n"hello","order",0.5,""\r\n')
    assert [(item.text, item.given) for item in messages(Path("next.csv"))] == [("hello", "order")]
    Path("texts.csv").write_text("text\n\nhello\n\n")
    assert [item.text for item in messages(Path("texts.csv"))] == ["hello"]
    Path("none.csv").write_text("text,answered\n")
    assert messages(Path("none.csv")) == []


def files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_without_a_browser_a_file_is_filled_in_and_applied_whole(project: Path, typed: Callable[..., str]) -> None:
    before = files(project)
    out = typed(audit.main, project, "--print", "3", "--by", "me")
    assert files(project) == before, "what is printed is not written anywhere"
    Path("decisions.csv").write_text(out)
    table = pd.read_csv("decisions.csv", dtype=str, keep_default_na=False)
    assert table["action"].tolist() == ["", "", ""]
    table["action"], table["label"] = ["keep", "relabel", ""], ["", "nonsense", ""]
    table.to_csv("decisions.csv", index=False)
    refused = typed(audit.main, project, "--apply", "decisions.csv", fails=True)
    assert "decisions.csv: line 3: relabel: no row has the label 'nonsense'" in refused
    assert not FILE.exists()
    table["label"] = ["", "refund", ""]
    table.to_csv("decisions.csv", index=False)
    assert "2 decisions added" in typed(audit.main, project, "--apply", "decisions.csv", "--by", "me")
    assert [line["action"] for line in written()] == ["keep", "relabel"]
    again = typed(audit.main, project, "--apply", "decisions.csv", fails=True)
    assert f"decisions.csv: line 2: {table['id'][0]} stands in {FILE}: line 2 already" in again


def test_a_message_whose_line_ends_a_spreadsheet_changed_is_still_found(
    project: Path, typed: Callable[..., str]
) -> None:
    Feedback(Path("said.csv")).add("one\r\ntwo", "order", "refund")
    Path("decisions.csv").write_text('id,text,action,label\n,"one\ntwo",relabel,refund\n')
    assert "1 decisions added" in typed(audit.main, project, "--rows", "said.csv", "--apply", "decisions.csv")


def test_a_row_that_is_named_twice_or_judged_since_is_named_with_its_line_and_nothing_is_written(
    project: Path, typed: Callable[..., str]
) -> None:
    first, second, third = (f"{item.id},{item.text}" for item in session().items[:3])
    Path("decisions.csv").write_text(f"id,text,action,label\n{first},,\n{first},keep,\n{second},keep,\n{first},drop,\n")
    refused = typed(audit.main, project, "--apply", "decisions.csv", fails=True)
    assert f"decisions.csv: line 5: {first.split(',')[0]} stands in decisions.csv: line 3 already" in refused
    assert not FILE.exists()
    session().decide(third.split(",")[0], "keep", "", "")
    before = FILE.read_bytes()
    Path("decisions.csv").write_text(f"id,text,action,label\n{first},keep,\n{third},drop,\n")
    refused = typed(audit.main, project, "--apply", "decisions.csv", fails=True)
    assert f"decisions.csv: line 3: {third.split(',')[0]} stands in {FILE}: line 2 already" in refused
    assert FILE.read_bytes() == before


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"given": "order"}, "the table says that its label is 'order', but it is 'refund'; print the table again"),
        ({"text": "EDITED"}, "has another text in the table; print the table again"),
        ({"action": "keep", "label": "order"}, "keep leaves the label 'refund', but the label 'order' is filled in"),
        ({"action": "drop", "label": "order"}, "drop needs no label, but the label 'order' is filled in"),
    ],
)
def test_a_decision_about_another_text_or_label_than_was_printed_is_an_error_with_its_line(
    project: Path, typed: Callable[..., str], cells: dict[str, str], message: str
) -> None:
    Path("decisions.csv").write_text(typed(audit.main, project, "--print", "4", "--by", "me"))
    table = pd.read_csv("decisions.csv", dtype=str, keep_default_na=False)
    table["action"] = "keep"
    table.loc[3, list(cells)] = list(cells.values())
    table.to_csv("decisions.csv", index=False)
    refused = typed(audit.main, project, "--apply", "decisions.csv", fails=True)
    assert "decisions.csv: line 5: " in refused
    assert message in refused
    assert not FILE.exists()


def test_a_label_that_changed_since_the_table_was_printed_is_not_kept_unseen(
    project: Path, typed: Callable[..., str]
) -> None:
    out = typed(audit.main, project, "--print", "1")
    Path("decisions.csv").write_text(out.replace('"","",""\n', '"keep","",""\n'))
    for path, read, write in (
        ("data/raw/rows.parquet", pd.read_parquet, pd.DataFrame.to_parquet),
        ("data/audit/rows.csv", pd.read_csv, pd.DataFrame.to_csv),
    ):
        table = read(path)
        table.loc[0, "label"] = "order"
        write(table, path, index=False)
    refused = typed(audit.main, project, "--apply", "decisions.csv", fails=True)
    assert "line 2: the table says that its label is 'refund', but it is 'order'" in refused
    assert not FILE.exists()


def test_a_table_of_messages_is_compared_with_what_was_answered(project: Path, typed: Callable[..., str]) -> None:
    Path("said.csv").write_text("text,answered\nhello,order\n")
    out = typed(audit.main, project, "--rows", "said.csv", "--print", "1")
    Path("decisions.csv").write_text(out.replace('"","",""\n', '"keep","order",""\n'))
    Path("said.csv").write_text("text,answered\nhello,refund\n")
    refused = typed(audit.main, project, "--rows", "said.csv", "--apply", "decisions.csv", fails=True)
    assert "line 2: the table says that its label is 'order', but it is 'refund'" in refused
    Path("said.csv").write_text("text,answered\nhello,order\n")
    assert "1 decisions added" in typed(audit.main, project, "--rows", "said.csv", "--apply", "decisions.csv")


def test_a_printed_text_with_a_carriage_return_can_be_applied(project: Path, typed: Callable[..., str]) -> None:
    rows = pd.read_parquet("data/raw/rows.parquet")
    rows.loc[0, "text"] = "one\rtwo"
    rows.to_parquet("data/raw/rows.parquet")
    out = typed(audit.main, project, "--print", "2")
    assert '"one\rtwo"' in out
    Path("decisions.csv").write_bytes(out.replace('"","",""\n', '"keep","",""\n').encode())
    assert "2 decisions added" in typed(audit.main, project, "--apply", "decisions.csv")
    assert [(line["text"], line["action"]) for line in written()][:1] == [("one\rtwo", "keep")]


def test_a_kind_limits_what_is_shown(project: Path, typed: Callable[..., str]) -> None:
    table = pd.read_csv("data/audit/rows.csv", dtype=str, keep_default_na=False)
    near = table.iloc[[2, 5]].assign(kind="near_duplicate", suggested="", probability="")
    pd.concat([table, near]).to_csv("data/audit/rows.csv", index=False)
    Path("near.csv").write_text(typed(audit.main, project, "--print", "50", "--kind", "near_duplicate"))
    printed = pd.read_csv("near.csv", dtype=str)
    assert printed["id"].tolist() == near["id"].tolist()
    assert printed["kinds"].tolist() == ["label, near_duplicate"] * 2
    assert [item.id for item in suspects("near_duplicate")] == near["id"].tolist()
    assert typed(audit.main, project, "--print", "50", "--kind", "outlier").count("\n") == 1


def test_the_twin_and_the_suggestion_are_those_of_the_kind_and_a_test_rows_label_is_not_shown(project: Path) -> None:
    rows, table = read_rows(), pd.read_csv("data/audit/rows.csv", dtype=str, keep_default_na=False)
    found = table.iloc[[2, 2]].assign(kind=["near_test", "near_duplicate"], suggested=["", "refund"], probability="")
    found["twin"] = rows["id"].iloc[[40, 9]].tolist()
    pd.concat([table, found]).to_csv("data/audit/rows.csv", index=False)
    assert rows["split"][40] == "test"
    shown = {kind: item for kind in ("near_duplicate", "near_test", None) for item in suspects(kind) if item.twin}
    twins = {kind: (item.twin, item.twin_label) for kind, item in shown.items()}
    assert twins["near_duplicate"] == (rows["text"][9], "refund")
    assert twins["near_test"] == (rows["text"][40], "")
    assert twins[None] == (rows["text"][9], "refund"), "a test row is the twin where there is no other"
    suggested = {kind: (item.suggested, item.probability) for kind, item in shown.items()}
    assert suggested == {"near_duplicate": ("refund", ""), "near_test": ("order", "0.9"), None: ("order", "0.9")}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--kind", "lable"], "argument --kind: invalid choice: 'lable' (choose from 'conflict', 'near_test', "),
        (["--kind", "label", "--rows", "said.csv"], "--kind: not with --rows or --apply"),
        (["--kind", "label", "--apply", "decisions.csv"], "--kind: not with --rows or --apply"),
    ],
)
def test_a_kind_that_there_is_not_or_that_means_nothing_is_refused(
    project: Path, typed: Callable[..., str], options: list[str], message: str
) -> None:
    assert message in typed(audit.main, project, *options, fails=True)


@pytest.mark.parametrize(
    ("lock", "made"),
    [
        (LOCK.format("theirs"), "'theirs'"),
        ("schema: '2.0'\n", "no data set that dvc.lock names"),
        (None, "no data set"),
    ],
)
def test_decisions_are_never_written_to_the_file_of_another_data_set(
    project: Path, typed: Callable[..., str], lock: str | None, made: str
) -> None:
    Path("dvc.lock").unlink()
    if lock:
        Path("dvc.lock").write_text(lock)
    Path("said.csv").write_text("text,label\nhello,order\n")
    for options in (["--print", "1"], ["--rows", "said.csv", "--print", "1"], ["--apply", "said.csv"], []):
        refused = typed(audit.main, project, *options, fails=True)
        assert f"params.yaml: dataset = 'mine', but data/ was made from {made}" in refused
        assert refused.endswith("; run dvc repro")


def test_a_message_that_the_source_has_out_of_scope_is_not_asked_about_whatever_oos_method_is(project: Path) -> None:
    spec = Path("data/sources/mine.yaml")
    spec.write_text(spec.read_text() + "out_of_scope:\n  files:\n    all: data/corpora/out.csv\n")
    Path("data/corpora/out.csv").write_text("text,split\ngood morning,train\n")
    Path("said.csv").write_text("text,answered\nGood  Morning,out_of_scope\ngood night,out_of_scope\n")
    assert read_params().oos.method == "none"
    items = messages(Path("said.csv"))
    assert [item.text for item in items] == ["good night"]
    made = Session(items, label_names(read_rows(), items), Store(FILE), "me")
    made.decide(items[0].key, "keep", "", "")
    done = run_stage("download", project)
    assert done.returncode == 0, done.stderr


# In a browser.


class Tool:
    """The tool as a process, at an address."""

    def __init__(self, port: int) -> None:
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "tools.audit", "--by", "me", "--port", str(port)]
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        self.address = self.process.stdout.readline().split()[0]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout
        self.process.stdout.close()


@pytest.fixture
def start(project: Path) -> Iterator[Callable[..., Tool]]:
    started: list[Tool] = []

    def start_at(port: int = 0) -> Tool:
        started.append(Tool(port))
        return started[-1]

    yield start_at
    for tool in started:
        tool.kill()


def opened(browser: Any, address: str) -> Any:
    page = browser.new_page()
    page.goto(address)
    page.wait_for_selector("#row:not([hidden])")
    return page


def press(page: Any, key: str, decided: int) -> None:
    page.keyboard.press(key)
    says(page, "#counter", f"· {decided} decided")


@pytest.mark.slow
@needs_chromium
def test_ten_rows_are_decided_by_keys_and_none_is_lost_when_the_tool_is_killed(
    start: Callable[..., Tool], browser: Any
) -> None:
    tool = start()
    port = int(tool.address.rpartition(":")[2])
    page = opened(browser, tool.address)
    assert page.inner_text("#text") == "message <b>0</b> & more"
    for number, key in enumerate(["k", "y", "d", "y", "k"], 1):
        press(page, key, number)
    page.keyboard.press("r")
    page.keyboard.type("ref")
    page.keyboard.press("Enter")
    says(page, "#counter", "· 6 decided")
    tool.kill()
    page.keyboard.press("k")
    says(page, "#message", "can't be reached")
    assert [line["action"] for line in written()] == ["keep", "relabel", "drop", "relabel", "keep", "relabel"]
    tool = start(port)
    page.keyboard.press("k")
    says(page, "#message", "reload the page")
    page.reload()
    page.wait_for_selector("#row:not([hidden])")
    assert page.inner_text("#text") == "message <b>6</b> & more"
    for number, key in enumerate(["k", "d", "y", "k"], 1):
        press(page, key, number)
    press(page, "u", 3)
    press(page, "d", 4)
    tool.kill()
    assert [line["action"] for line in written()][6:] == ["keep", "drop", "relabel", "drop"]
    assert len({line["id"] for line in written()}) == 10
    assert page.title() == "Audit", "no markup of a label or text has run"


@pytest.mark.slow
@needs_chromium
def test_two_tabs_never_decide_the_same_row_twice(start: Callable[..., Tool], browser: Any) -> None:
    tool = start()
    one, two = opened(browser, tool.address), opened(browser, tool.address)
    press(one, "k", 1)
    two.keyboard.press("d")
    says(two, "#message", "decided in another place")
    press(two, "d", 2)
    tool.kill()
    assert [line["action"] for line in written()] == ["keep", "drop"]


@pytest.mark.slow
@needs_chromium
def test_a_tab_takes_back_its_own_decisions_alone_also_after_a_reload(start: Callable[..., Tool], browser: Any) -> None:
    tool = start()
    one, two = opened(browser, tool.address), opened(browser, tool.address)
    press(one, "k", 1)
    two.keyboard.press("u")
    says(two, "#message", "this tab has decided about no row")
    assert [line["action"] for line in written()] == ["keep"]
    one.reload()
    one.wait_for_selector("#row:not([hidden])")
    one.keyboard.press("u")
    says(one, "#message", "Taken back.")
    assert written() == []


@pytest.mark.slow
@needs_chromium
def test_a_double_click_decides_about_one_row(start: Callable[..., Tool], browser: Any) -> None:
    page = opened(browser, start().address)
    page.dblclick("[data-key=d]", delay=100)
    says(page, "#counter", "· 1 decided")
    page.wait_for_timeout(500)
    assert [line["action"] for line in written()] == ["drop"]


COMPOSED = """search.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", isComposing: true, bubbles: true }))"""


@pytest.mark.slow
@needs_chromium
def test_a_label_is_taken_by_a_click_or_enter_alone(start: Callable[..., Tool], browser: Any) -> None:
    page = opened(browser, start().address)
    page.keyboard.press("r")
    page.keyboard.type("order")
    page.evaluate(COMPOSED)  # an input method takes this key
    page.click("#found li", button="right")
    page.wait_for_timeout(500)
    assert not FILE.exists()
    page.click("#found li")
    says(page, "#counter", "· 1 decided")
    assert written()[0]["label"] == "order"


@pytest.mark.slow
@needs_chromium
def test_what_is_typed_while_a_decision_is_on_its_way_decides_about_no_other_row(
    start: Callable[..., Tool], browser: Any
) -> None:
    page = browser.new_page()
    page.add_init_script(SLOWLY)
    page.goto(start().address)
    page.wait_for_selector("#row:not([hidden])")
    page.keyboard.press("k")
    page.keyboard.press("r")
    assert page.is_hidden("#choice")
    says(page, "#counter", "· 1 decided")
    assert len(written()) == 1


@pytest.mark.slow
@needs_chromium
def test_labels_with_markup_are_text(start: Callable[..., Tool], browser: Any) -> None:
    tool = start()
    page = opened(browser, tool.address)
    page.keyboard.press("s")
    says(page, "#text", "1")
    assert page.inner_text("#suggested") == MARKUP
    page.keyboard.press("r")
    page.keyboard.type("onerror")
    assert page.inner_text("#found li") == MARKUP
    page.keyboard.press("Enter")
    says(page, "#counter", "· 1 decided")
    tool.kill()
    assert written()[0]["label"] == MARKUP
    assert page.title() == "Audit"
    assert page.query_selector("img") is None


@pytest.mark.slow
@needs_chromium
@pytest.mark.parametrize("typed_part", ["billing q", "BILLING_Q", "  ng   quest"])
def test_a_label_is_found_however_its_blanks_and_capitals_are_typed(
    start: Callable[..., Tool], browser: Any, typed_part: str
) -> None:
    rows = pd.read_parquet("data/raw/rows.parquet")
    rows.loc[30:31, "label"] = ["Billing question", "billing_question_of_a_shop"]
    rows.to_parquet("data/raw/rows.parquet")
    page = opened(browser, start().address)
    page.keyboard.press("r")
    page.keyboard.type(typed_part)
    assert page.locator("#found li").all_inner_texts() == ["Billing question", "billing_question_of_a_shop"]
    page.keyboard.press("Enter")
    says(page, "#counter", "· 1 decided")
    assert written()[0]["label"] == "Billing question"


@pytest.mark.slow
@needs_chromium
def test_however_long_the_texts_are_the_keys_stay_in_sight_on_a_phone(start: Callable[..., Tool], browser: Any) -> None:
    rows = pd.read_parquet("data/raw/rows.parquet")
    rows["text"] = [f"{text} {'and more ' * 300}" for text in rows["text"]]
    rows.to_parquet("data/raw/rows.parquet")
    page = opened(browser, start().address)
    page.set_viewport_size({"width": 390, "height": 800})
    says(page, "#suggested-similar", "message")
    keys = page.locator(".keys").bounding_box()
    assert keys["y"] >= 0
    assert keys["y"] + keys["height"] <= 800
    assert len(page.locator("#suggested-similar li").first.inner_text()) == 200
    assert page.inner_text("#text").count("more") == 301, "the text itself is whole"


@pytest.mark.slow
@needs_chromium
def test_after_the_last_row_its_decision_can_be_taken_back_by_a_button(
    start: Callable[..., Tool], browser: Any
) -> None:
    page = opened(browser, start().address)
    assert page.inner_text("#suggested-title") == "suggested, with probability 0.9"
    assert page.inner_text("#why") == "label"
    for number in range(13):
        page.keyboard.press("s")
        says(page, "#counter", f"{number + 2} of 14")
    press(page, "k", 1)
    says(page, "#message", "That was the last one.")
    assert page.locator("button:visible").all_inner_texts() == ["Uundo"]
    assert not page.is_visible("#text")
    page.click("[data-key=u]")
    says(page, "#message", "Taken back.")
    assert page.inner_text("#text") == "message <b>13</b> & more"
    assert written() == []


@pytest.mark.slow
@needs_chromium
def test_signs_that_turn_the_direction_are_marked_on_the_page_and_stay_in_the_file(
    start: Callable[..., Tool], browser: Any
) -> None:
    rows = pd.read_parquet("data/raw/rows.parquet")
    rows.loc[0, "text"] = "\u202eevil\u202c"
    rows.loc[30, "label"] = "turned \u2067label"
    rows.to_parquet("data/raw/rows.parquet")
    page = opened(browser, start().address)
    assert page.inner_text("#text") == "\ufffdevil\ufffd"
    page.keyboard.press("r")
    page.keyboard.type("turned")
    assert page.inner_text("#found li") == "turned \ufffdlabel"
    page.keyboard.press("Enter")
    says(page, "#counter", "· 1 decided")
    assert (written()[0]["text"], written()[0]["label"]) == ("\u202eevil\u202c", "turned \u2067label")
