"""Inputs that nobody thought of: only an `InputError` or a right result. `make faults` tries many more of them."""

import csv
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from tests.conftest import ROOT
from textclf import load
from textclf.data.row_labels import look_alikes
from textclf.data.source_rows import read_source_rows
from textclf.data.source_spec import Source, read_source
from textclf.encoders.checkpoint_spec import read_checkpoint
from textclf.errors import InputError
from textclf.params import Params, check_params, read_params
from tools.predict import score_file
from tools.predict.row_files import read_windows
from tools.predict.score_file import Job
from tools.review.rules import read_rules
from tools.serve.app import create_app
from tools.serve.limits import Limits

PARAMS: dict[str, Any] = read_params(ROOT / "params.yaml").model_dump()
ENDINGS = ("csv", "tsv", "txt", "json", "jsonl", "parquet", "csv.gz", "jsonl.gz")

# Text as it comes: letters, what ends a line or a cell, quotes, signs that no one sees, halves of characters.
SIGNS = st.sampled_from(
    [*"ab,;|\t\"'\\ \r\n[]{}:#-", "\x00", "\u2028", "\x85", "\ufeff", "\u200b", "é", "📦", "\ud83d"]
)
TEXTS = st.one_of(st.text(max_size=12), st.lists(SIGNS, max_size=12).map("".join))
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS)
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3))


def source(**more: Any) -> Source:
    base = {"files": {"train": "data/corpora/x.csv"}, "text": "text", "label": "label"}
    return Source.model_validate(base | more)


def names(error: InputError, what: str) -> None:
    assert what in str(error)


def check_rows(rows: pd.DataFrame) -> None:
    """Assert what every table of rows promises, also once it was written."""
    assert all(isinstance(text, str) for text in rows["text"])
    assert all(isinstance(label, str) and label for label in rows["label"])
    assert not look_alikes(rows["label"].unique())
    rows.to_parquet("rows.parquet")
    assert pd.read_parquet("rows.parquet")["text"].tolist() == rows["text"].tolist()


@given(content=st.one_of(st.binary(max_size=60), TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass"))))
@pytest.mark.parametrize("ending", ENDINGS)
def test_any_bytes_of_a_data_set(in_tmp: Path, ending: str, content: bytes) -> None:
    for start in (b"", b"text,label\n", b'[{"text": "a", "label": "b"}'):
        path = Path(f"x.{ending}")
        path.write_bytes(start + content)
        try:
            rows = read_source_rows(path, source())
        except InputError as error:
            names(error, str(path))
        else:
            check_rows(rows)


@given(rows=st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=5))
def test_any_texts_and_labels_come_back_as_they_are(in_tmp: Path, rows: list[tuple[str, str]]) -> None:
    table = [{"text": text, "label": label} for text, label in rows]
    Path("x.jsonl").write_text("".join(json.dumps(row) + "\n" for row in table))
    try:
        with Path("x.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, quoting=csv.QUOTE_ALL).writerows([["text", "label"], *rows])
        pd.DataFrame(table).to_parquet("x.parquet")
    except UnicodeEncodeError:  # half a character, which neither CSV nor Parquet can hold
        with pytest.raises(InputError):
            read_source_rows(Path("x.jsonl"), source())
        return
    for name in ("x.csv", "x.jsonl", "x.parquet"):
        try:
            found = read_source_rows(Path(name), source())
        except InputError as error:
            names(error, name)
        else:
            check_rows(found)
            assert found["text"].tolist() == [text for text, _ in rows]
            assert found["label"].tolist() == [label.strip() for _, label in rows]


@given(rows=st.lists(st.dictionaries(st.sampled_from(["text", "label", "tokens", "id", "x"]), JSON), max_size=4))
def test_any_objects_as_rows(in_tmp: Path, rows: list[dict[str, Any]]) -> None:
    Path("x.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    try:
        found = read_source_rows(Path("x.jsonl"), source())
    except InputError:
        return
    check_rows(found)
    assert len(found) == len(rows)


@given(key=st.sampled_from(sorted(PARAMS)), inner=st.integers(0, 20), value=JSON)
def test_any_value_of_any_parameter(key: str, inner: int, value: Any) -> None:
    changed = dict(PARAMS)
    if isinstance(PARAMS[key], dict) and PARAMS[key]:
        name = sorted(PARAMS[key])[inner % len(PARAMS[key])]
        changed[key] = PARAMS[key] | {name: value}
    else:
        changed[key] = value
    try:
        assert isinstance(check_params(changed), Params)
    except InputError as error:
        names(error, "params.yaml")


READERS: dict[str, Callable[[], object]] = {
    "params.yaml": lambda: read_params(Path("params.yaml")),
    "mine.yaml": lambda: read_source("mine", Path()),
    "checkpoint.yaml": lambda: read_checkpoint("checkpoint", Path()),
    "review.yaml": lambda: read_rules(Path("review.yaml")),
}


@given(content=st.one_of(st.binary(max_size=60), TEXTS.map(lambda text: text.encode("utf-8", "replace")), JSON))
@pytest.mark.parametrize("name", READERS)
def test_any_yaml(in_tmp: Path, name: str, content: Any) -> None:
    if isinstance(content, bytes):
        Path(name).write_bytes(content)
    else:
        Path(name).write_text(json.dumps(content))
    with pytest.raises(InputError, match=name):
        READERS[name]()


@given(keys=st.dictionaries(st.sampled_from(sorted(Source.model_fields)), JSON, max_size=6))
def test_any_keys_of_a_spec(in_tmp: Path, keys: dict[str, Any]) -> None:
    with Path("mine.yaml").open("w", encoding="utf-8", errors="replace") as file:
        YAML().dump({"files": {"train": "data/corpora/x.csv"}, "text": "a", "label": "b"} | keys, file)
    try:
        assert isinstance(read_source("mine", Path()), Source)
    except InputError as error:
        names(error, "mine.yaml")


@pytest.fixture(scope="module")
def client(words_model: Path) -> Iterator[TestClient]:
    with TestClient(create_app(load(words_model), "0" * 40, Limits(texts=3, chars=40))) as made:
        yield made


@given(
    body=st.one_of(JSON, st.builds(lambda value: {"text": value}, JSON)),
    raw=st.binary(max_size=40),
    cut=st.integers(0, 40),
)
def test_any_question(client: TestClient, capsys: pytest.CaptureFixture[str], body: Any, raw: bytes, cut: int) -> None:
    written = json.dumps(body).encode()
    for content in (written, written[:cut], raw, b'{"text": "' + raw + b'"}'):
        answer = client.post("/predict", content=content, headers={"Content-Type": "application/json"})
        assert answer.status_code in (200, 400, 411, 413, 422), content
        if answer.status_code == 200:
            asked = json.loads(content)["text"]
            assert len(answer.json()["predictions"]) == (1 if isinstance(asked, str) else len(asked))
    shown = "".join(capsys.readouterr())
    assert "Traceback" not in shown


@given(name=st.integers(0), place=st.integers(0), change=st.sampled_from(["flip", "cut", "double", "empty", "remove"]))
def test_any_damage_to_a_model(words_model: Path, tmp_path: Path, name: int, place: int, change: str) -> None:
    model = tmp_path / "model"
    shutil.rmtree(model, ignore_errors=True)
    shutil.copytree(words_model, model)
    files = sorted(path for path in model.rglob("*") if path.is_file())
    file = files[name % len(files)]
    content = file.read_bytes()
    place %= max(1, len(content))
    damaged = {
        "flip": content[:place] + bytes([content[place] ^ 1 if content else 0]) + content[place + 1 :],
        "cut": content[:place],
        "double": content * 2,
        "empty": b"",
    }
    if change == "remove":
        file.unlink()
    else:
        file.write_bytes(damaged[change])
    if file.is_file() and file.read_bytes() == content:
        return
    with pytest.raises(InputError) as error:
        load(model)
    assert "\n" not in str(error.value)


@given(cells=st.lists(TEXTS, min_size=1, max_size=6), window=st.integers(1, 4))
@pytest.mark.parametrize("target", ["csv", "jsonl", "parquet"])
def test_any_file_to_score(words_model: Path, tmp_path: Path, target: str, cells: list[str], window: int) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / f"out.{target}"
    source.write_text("".join(json.dumps({"text": cell}) + "\n" for cell in cells))
    score_file.run(Job(source, "text", out, window=window), load(words_model), resume=False)
    found = [row for rows in read_windows(out, 3) for row in rows.rows]
    whole = [cell if target == "jsonl" else cell.encode("utf-8", "replace").decode() for cell in cells]
    assert [row["text"] for row in found] == whole
    for row, cell in zip(found, cells, strict=True):
        assert bool(row["reason"]) == bool(score_file.unusable(cell))


@given(content=st.one_of(st.binary(max_size=80), TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass"))))
@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "parquet", "csv.gz"])
def test_any_bytes_to_score(words_model: Path, tmp_path: Path, ending: str, content: bytes) -> None:
    for start in (b"", b"text\n", b"text,x\n", b'{"text": "a"}\n'):
        source, out = tmp_path / f"in.{ending}", tmp_path / "out.jsonl"
        source.write_bytes(start + content)
        out.unlink(missing_ok=True)
        try:
            score_file.run(Job(source, "text", out), load(words_model), resume=False)
        except InputError as error:
            names(error, "in.")
            assert sorted(path.name for path in tmp_path.iterdir()) == [source.name]
        else:
            assert out.is_file()
