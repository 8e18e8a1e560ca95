"""Every format gives the same table, and every mistake in a file is named with its place."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from textclf.data.formats import MAX_CHARACTERS, read_table
from textclf.data.source_spec import Source
from textclf.errors import InputError

TEXTS = ["where is my parcel?", 'say "hi", please', "no; thanks"]
LABELS = ["track", "greet", "greet"]


def source(**more: Any) -> Source:
    return Source.model_validate({"files": {"train": "x.csv"}, "text": "message", "label": "team"} | more)


def written(name: str, content: str | bytes) -> Path:
    path = Path(name)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame({"team": LABELS, "message": TEXTS})


def test_csv_json_lines_and_parquet_hold_the_same_rows(frame: pd.DataFrame, in_tmp: Path) -> None:
    frame.to_csv("x.csv", index=False)
    frame.to_json("x.jsonl", orient="records", lines=True)
    frame.to_parquet("x.parquet")
    for name in ("x.csv", "x.jsonl", "x.parquet"):
        table = read_table(Path(name), source())
        assert table["text"].tolist() == TEXTS
        assert table["label"].tolist() == LABELS


def test_delimited_text_keeps_its_quotes(in_tmp: Path) -> None:
    path = written("x.txt", 'message|team\nsay "hi|greet\n')
    assert read_table(path, source(delimiter="|"))["text"].tolist() == ['say "hi']


def test_text_without_a_header_takes_its_columns_from_the_spec(in_tmp: Path) -> None:
    path = written("x.txt", "i am glad;joy\ni am low;sadness\n")
    table = read_table(path, source(delimiter=";", columns=["message", "team"]))
    assert table["label"].tolist() == ["joy", "sadness"]


def test_a_byte_order_mark_is_no_part_of_the_first_column(in_tmp: Path) -> None:
    path = written("x.csv", "\ufeffmessage,team\nhi,greet\n")
    assert read_table(path, source())["text"].tolist() == ["hi"]


def test_integer_labels_get_names(in_tmp: Path) -> None:
    pd.DataFrame({"message": ["good", "bad"], "team": [1, 0]}).to_parquet("x.parquet")
    table = read_table(Path("x.parquet"), source(label_names=["negative", "positive"]))
    assert table["label"].tolist() == ["positive", "negative"]


def test_an_integer_label_without_a_name_is_refused(in_tmp: Path) -> None:
    path = written("x.csv", "message,team\na,0\nb,2\n")
    with pytest.raises(InputError, match=r"x\.csv: row 2 has label '2'; allowed: 0 to 1"):
        read_table(path, source(label_names=["no", "yes"]))


def test_texts_that_look_like_missing_values_or_numbers_stay_texts(in_tmp: Path) -> None:
    path = written("x.csv", "message,team\nNA,null\n007,nan\n")
    table = read_table(path, source())
    assert table[["text", "label"]].to_numpy().tolist() == [["NA", "null"], ["007", "nan"]]


def test_the_sources_own_columns_stay_and_never_clash_with_ours(in_tmp: Path) -> None:
    path = written("x.jsonl", '{"id": 7, "label": 3, "message": "a", "team": "b", "style": "hard"}\n')
    table = read_table(path, source())
    assert table.loc[0].to_dict() == {"text": "a", "label": "b", "source_id": 7, "source_label": 3, "style": "hard"}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.csv", "text,team\na,b\n", "no column 'message' (`text` in the source spec); it has 'text', 'team'"),
        ("x.csv", "", "x.csv is empty"),
        ("x.csv", "message,team\n", "x.csv holds no rows"),
        ("x.csv", b"message,team\nfine,a\ncaf\xe9,b\n", "line 3 is not UTF-8 (byte 0xe9 in column 4)"),
        ("x.csv", "message,team\na,b\nc,\n", "row 2 has no label"),
        ("x.csv", "message,team\na,b\nc,d,e\n", "x.csv is not readable as csv"),
        ("x.jsonl", '{"message": "a", "team": \n', "x.jsonl is not readable as jsonl"),
        ("x.parquet", "not parquet", "x.parquet is not readable as parquet"),
        ("x.dat", "message,team\na,b\n", "unknown ending; set `format`"),
        ("x.csv", "message,team\na,b\n" + "x" * (MAX_CHARACTERS + 1) + ",b\n", "row 2 has a text of 1,000,001"),
    ],
)
def test_a_bad_file_is_one_sentence(name: str, content: str | bytes, message: str, in_tmp: Path) -> None:
    with pytest.raises(InputError) as error:
        read_table(written(name, content), source())
    assert message in str(error.value)
    assert name in str(error.value)
