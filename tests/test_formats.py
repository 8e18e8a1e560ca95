"""Every format gives the same table, and every mistake in a file is named with its place."""

import gzip
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from textclf.data.delimited import MAX_CHARACTERS
from textclf.data.source_rows import read_source_rows
from textclf.data.source_spec import Source
from textclf.errors import InputError

TEXTS = ["where is my parcel?", 'say "hi", please', "no; thanks"]
LABELS = ["track", "greet", "greet"]


def source(**more: Any) -> Source:
    return Source.model_validate({"files": {"train": "data/corpora/x.csv"}, "text": "message", "label": "team"} | more)


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
        table = read_source_rows(Path(name), source())
        assert table["text"].tolist() == TEXTS
        assert table["label"].tolist() == LABELS


def test_delimited_text_keeps_its_quotes(in_tmp: Path) -> None:
    path = written("x.txt", 'message|team\nsay "hi|greet\n')
    assert read_source_rows(path, source(delimiter="|"))["text"].tolist() == ['say "hi']


def test_text_without_a_header_takes_its_columns_from_the_spec(in_tmp: Path) -> None:
    path = written("x.txt", "i am glad;joy\ni am low;sadness\n")
    table = read_source_rows(path, source(delimiter=";", columns=["message", "team"]))
    assert table["label"].tolist() == ["joy", "sadness"]


def test_a_byte_order_mark_is_no_part_of_the_first_column(in_tmp: Path) -> None:
    path = written("x.csv", "\ufeffmessage,team\nhi,greet\n")
    assert read_source_rows(path, source())["text"].tolist() == ["hi"]


def test_integer_labels_get_names(in_tmp: Path) -> None:
    pd.DataFrame({"message": ["good", "bad"], "team": [1, 0]}).to_parquet("x.parquet")
    table = read_source_rows(Path("x.parquet"), source(label_names=["negative", "positive"]))
    assert table["label"].tolist() == ["positive", "negative"]


def test_an_integer_label_without_a_name_is_refused(in_tmp: Path) -> None:
    path = written("x.csv", "message,team\na,0\nb,2\n")
    with pytest.raises(InputError, match=r"x\.csv: line 3 has label '2'; allowed: 0 to 1"):
        read_source_rows(path, source(label_names=["no", "yes"]))


def test_texts_that_look_like_missing_values_or_numbers_stay_texts(in_tmp: Path) -> None:
    path = written("x.csv", "message,team\nNA,null\n007,nan\n")
    table = read_source_rows(path, source())
    assert table[["text", "label"]].to_numpy().tolist() == [["NA", "null"], ["007", "nan"]]


def test_the_sources_own_columns_stay_and_never_clash_with_ours(in_tmp: Path) -> None:
    path = written("x.jsonl", '{"id": 7, "label": 3, "message": "a", "team": "b", "style": "hard"}\n')
    table = read_source_rows(path, source())
    own = {"source.id": 7, "source.label": 3, "source.style": "hard"}
    assert table.loc[0].to_dict() == {"text": "a", "label": "b"} | own


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.csv", "text,team\na,b\n", "no column 'message' (`text` in the source spec); it has 'text', 'team'"),
        ("x.csv", "", "x.csv is empty"),
        ("x.csv", "message,team\n", "x.csv holds no rows"),
        ("x.csv", "message,team,team\na,b,c\n", "x.csv: two columns are called 'team'"),
        ("x.csv", "message,team\na,b,\n", "x.csv: line 2 has 3 cells, and the header 2 ('message', 'team')"),
        ("x.csv", "message,team\na\n", "x.csv: line 2 has 1 cell, and the header 2"),
        ("x.csv", "message;team\na, b;c\n", "x.csv: line 2 has 2 cells, and the header 1"),
        ("x.csv", "message;team\na;c\n", "it has 'message;team'; the header suggests delimiter: \";\""),
        ("x.csv", 'message,team\n"a,b\n', "x.csv: line 2: unexpected end of data; is a quote never closed?"),
        ("x.csv", "message,team\na,track\nb,track\u200b\n", r"x.csv: line 3: the labels 'track' and 'track\u200b'"),
        ("x.csv", "message,team\na,cafe\u0301\nb,caf\u00e9\n", "look the same; use one name"),
        ("x.csv", 'message,team\na,"b\rc"\n', r"x.csv: line 2: label 'b\rc' holds a control character"),
        ("x.csv", "message,team\na,0.5\nb,1\n", "x.csv: line 2: label '0.5'; one label a row is needed"),
        ("x.csv", "message,team\na,\"['b', 'c']\"\n", "one label a row is needed; multi-label, pairs and"),
        ("x.jsonl", '{"message": "a", "team": ["b"]}\n', "x.jsonl: line 1: label ['b']; one label a row is needed"),
        (
            "x.jsonl",
            '{"message": "a", "team": true}\n',
            "x.jsonl: line 1: label True; a name or a whole number is needed, not bool",
        ),
        ("x.jsonl", '\n{"message": ["a"], "team": "b"}\n', "x.jsonl: line 2: ['a'] is not a text"),
        ("x.jsonl", '{"message": "\\ud83d", "team": "b"}\n', "x.jsonl: line 1: 'message' holds half of a surrogate"),
        ("x.jsonl", '{"message": "a", "message": "b"}\n', "x.jsonl: line 1 has the key 'message' twice"),
        ("x.jsonl", "[" * 100_000, "x.jsonl: line 1 is nested too deeply"),
        ("x.csv", "message,team\na,\u200b\n", "label '\\u200b' has no visible character"),
        ("x.csv", "message,team\na,x\nb,x\ufe0f\n", "look the same; use one name"),
        (
            "x.csv",
            f"message,team\na,{'b' * 201}\n",
            "has a label of 201 characters, over the limit of 200; are text and",
        ),
        ("x.csv", "message,team\na,</script>\n", "line 2: label '</script>' looks like HTML"),
        ("x.csv", "message,team\na,b\n".encode("utf-16"), "x.csv is UTF-16; save the file as UTF-8"),
        ("x.csv", "message,team\na,b\n".encode("utf-16-le"), "x.csv looks like UTF-16; save the file as UTF-8"),
        ("x.jsonl", "[1]\n", "x.jsonl: line 1 is not a JSON object"),
        ("x.json", '{"a": 1}', "x.json is not a list of JSON objects"),
        (
            "x.json",
            '{"message": "a", "team": "b"}\n{"message": "c", "team": "b"}\n',
            "x.json is not JSON: Extra data: line 2 column 1 (char 30); if each line is an object, set format: jsonl",
        ),
        (
            "x.jsonl",
            f'{{"message": "a", "team": "b", "deep": {"[" * 600}{"]" * 600}}}',
            "x.jsonl: the column 'deep' is nested too deeply",
        ),
        ("x.xlsx", "PK", "x.xlsx: spreadsheets are not read; save the sheet as CSV (UTF-8)"),
        ("x.csv.gz", "message,team", "x.csv.gz is not readable as csv"),
        ("x.csv", b"message,team\nfine,a\ncaf\xe9,b\n", "line 3 is not UTF-8 (byte 0xe9 in column 4)"),
        ("x.csv", "message,team\na,b\nc,\n", "line 3 has no label"),
        ("x.csv", "message,team\na,b\nc,d,e\n", "x.csv: line 3 has 3 cells, and the header 2"),
        ("x.jsonl", '{"message": "a", "team": \n', "x.jsonl: line 1 is not JSON"),
        ("x.parquet", "not parquet", "x.parquet is not readable as parquet"),
        ("x.dat", "message,team\na,b\n", "set `format` in the source spec to csv, text, json, jsonl, clinc or parquet"),
        (
            "x.csv",
            "message,team\na,b\n" + "x" * (MAX_CHARACTERS + 1) + ",b\n",
            "line 3: a cell has more than 1,000,000 characters",
        ),
    ],
)
def test_a_bad_file_is_one_sentence(name: str, content: str | bytes, message: str, in_tmp: Path) -> None:
    with pytest.raises(InputError) as error:
        read_source_rows(written(name, content), source())
    assert message in str(error.value)
    assert name in str(error.value)


def test_further_columns_keep_their_type_or_become_json_text(in_tmp: Path) -> None:
    lines = [
        '{"message": "a", "team": "b", "one": 1, "mixed": 1, "tags": ["x"], "tokens": 2}',
        '{"message": "c", "team": "b", "one": 2, "mixed": "two", "tags": null, "tokens": 3}',
    ]
    table = read_source_rows(written("x.jsonl", "\n".join(lines)), source())
    table.to_parquet("y.parquet")
    assert pq.read_table("y.parquet").to_pydict() == {
        "text": ["a", "c"],
        "label": ["b", "b"],
        "source.one": [1, 2],
        "source.mixed": ["1", "two"],
        "source.tags": ['["x"]', None],
        "source.tokens": [2, 3],
    }


def test_tabs_divide_tsv_and_gz_is_unpacked(in_tmp: Path) -> None:
    assert read_source_rows(written("x.tsv", 'message\tteam\nsay "hi, you\tgreet\n'), source())["text"].tolist() == [
        'say "hi, you'
    ]
    packed = gzip.compress(b"message,team\na,b\n")
    assert read_source_rows(written("x.CSV.gz", packed), source())["label"].tolist() == ["b"]
    packed = gzip.compress(b"message\tteam\na\tb\n")
    assert read_source_rows(written("X.TSV.GZ", packed), source())["label"].tolist() == ["b"]


def test_a_json_list_of_objects_is_read(in_tmp: Path) -> None:
    path = written("x.json", '[{"message": "a", "team": 1}, {"message": "c", "team": "d"}]')
    assert read_source_rows(path, source())["label"].tolist() == ["1", "d"]


def test_a_folder_of_datasets_says_what_to_do(in_tmp: Path) -> None:
    from datasets import Dataset

    Dataset.from_dict({"message": ["a"], "team": ["b"]}).save_to_disk("x")
    with pytest.raises(InputError, match=r'x is a folder; .*load_from_disk\("x"\)\["train"\]\.to_parquet'):
        read_source_rows(Path("x"), source())


def test_names_of_a_class_label_are_read_from_the_parquet_files_metadata(in_tmp: Path) -> None:
    from datasets import ClassLabel, Dataset, Features, Value

    features = Features({"message": Value("string"), "team": ClassLabel(names=["no", "yes"])})
    Dataset.from_dict({"message": ["a", "c"], "team": [1, 0]}, features).to_parquet("x.parquet")
    assert read_source_rows(Path("x.parquet"), source())["label"].tolist() == ["yes", "no"]


def test_nanoseconds_of_a_further_column_are_text(in_tmp: Path) -> None:
    when = pa.array([1_000_000_001], pa.time64("ns"))
    pq.write_table(pa.table({"message": ["a"], "team": ["b"], "when": when}), "x.parquet")
    assert read_source_rows(Path("x.parquet"), source())["source.when"].tolist() == ["00:00:01.000000001"]


@pytest.mark.parametrize("end", [b"", b"\0"])
def test_a_broken_gz_is_one_sentence(end: bytes, in_tmp: Path) -> None:
    packed = bytearray(gzip.compress(b"message,team\n" + b"a,b\n" * 50))
    packed[15:18] = b"\xff\xff\xff"
    with pytest.raises(InputError, match=r"x.CSV.GZ is not readable as csv"):
        read_source_rows(written("x.CSV.GZ", bytes(packed) + end), source())


def test_whole_numbers_beside_empty_cells_keep_their_digits(in_tmp: Path) -> None:
    lines = ['{"message": "a", "team": 1, "n": 9007199254740993}', '{"message": "b", "team": 2, "n": null}']
    table = read_source_rows(written("x.jsonl", "\n".join(lines)), source())
    assert table["label"].tolist() == ["1", "2"]
    assert table["source.n"].tolist() == [9007199254740993, None]


@pytest.mark.parametrize("metadata", [b"[]", b"null", b"{", b'{"info": {"features": []}}', b"[" * 100_000])
def test_metadata_of_another_shape_are_passed_over(metadata: bytes, in_tmp: Path) -> None:
    table = pa.table({"message": ["a"], "team": ["b"]}).replace_schema_metadata({b"huggingface": metadata})
    pq.write_table(table, "x.parquet")
    assert read_source_rows(Path("x.parquet"), source())["label"].tolist() == ["b"]


def test_names_in_the_file_and_in_the_spec_are_no_contradiction(in_tmp: Path) -> None:
    from datasets import ClassLabel, Dataset, Features, Value

    features = Features({"message": Value("string"), "team": ClassLabel(names=["no", "yes"])})
    Dataset.from_dict({"message": ["a", "c"], "team": [1, 0]}, features).to_parquet("x.parquet")
    rows = read_source_rows(Path("x.parquet"), source(label_names=["no", "yes"]))
    assert rows["label"].tolist() == ["yes", "no"]


def test_a_date_that_python_cannot_hold_is_one_sentence(in_tmp: Path) -> None:
    when = pa.array([10**13], pa.timestamp("s"))
    pq.write_table(pa.table({"message": ["a"], "team": ["b"], "when": when}), "x.parquet")
    with pytest.raises(InputError, match=r"x.parquet is not readable as parquet"):
        read_source_rows(Path("x.parquet"), source())
