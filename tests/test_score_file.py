"""Scoring files: any format, any size, rows in order with all their columns, whole or not at all."""

import csv
import gzip
import json
import shutil
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from textclf.errors import InputError
from textclf.inference.model import Answers, Model, load_model
from textclf.oos.rule import OosRule
from tools.predict import score_file
from tools.predict.row_files import read_windows
from tools.predict.score_file import Job

TEXTS = ["aaa and", "bbb or", "", None, "ccc\nwith a line end", 'say "aaa", please', "  ", "ünïcode bbb"]


@pytest.fixture(scope="module")
def model(words_model: Path) -> Model:
    return load_model(words_model)


def table(rows: int = len(TEXTS)) -> pd.DataFrame:
    texts = [TEXTS[number % len(TEXTS)] for number in range(rows)]
    return pd.DataFrame({"number": range(rows), "text": texts, "note": [f"n{number}, x" for number in range(rows)]})


def write(path: Path, rows: pd.DataFrame) -> Path:
    if path.suffix == ".csv":
        rows.to_csv(path, index=False)
    elif path.suffix == ".jsonl":
        rows.to_json(path, orient="records", lines=True, force_ascii=False)
    else:
        rows.to_parquet(path, index=False)
    return path


def read(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".csv":
        with path.open(newline="") as lines:
            return list(csv.DictReader(lines))
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text().splitlines()]
    found: list[dict[str, Any]] = pd.read_parquet(path).astype(object).to_dict("records")
    return found


@pytest.mark.parametrize("source", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("target", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("window", [3, 100])
def test_rows_keep_their_order_and_columns_and_bad_ones_have_a_reason(
    tmp_path: Path, model: Model, source: str, target: str, window: int
) -> None:
    job = Job(write(tmp_path / f"in.{source}", table()), "text", tmp_path / f"out.{target}", window=window)
    assert score_file.run(job, model, resume=False) == 3
    found = read(job.target)
    assert [int(row["number"]) for row in found] == list(range(len(TEXTS)))
    assert list(found[0]) == ["number", "text", "note", "predicted", "confidence", "reason"]
    assert [row["predicted"] for row in found] == ["a", "b", "", "", "c", "a", "", "b"]
    assert [row["reason"] for row in found] == ["", "", "empty", "empty", "", "", "empty", ""]
    assert found[4]["text"] == TEXTS[4]
    assert found[4]["note"] == "n4, x"
    assert float(found[0]["confidence"]) == pytest.approx(model.predict(["aaa and"]).probabilities.max(), abs=1e-6)
    assert found[2]["confidence"] in ("", None) or np.isnan(found[2]["confidence"])
    assert not job.parts.exists()


def test_a_windows_size_changes_nothing(tmp_path: Path, model: Model) -> None:
    source = write(tmp_path / "in.csv", table(50))
    outputs = set()
    for window in (1, 7, 50, 4096):
        score_file.run(Job(source, "text", tmp_path / "out.csv", window=window), model, resume=False)
        outputs.add((tmp_path / "out.csv").read_bytes())
    assert len(outputs) == 1


def test_numbers_and_broken_bytes_are_no_text(tmp_path: Path, model: Model) -> None:
    (tmp_path / "in.jsonl").write_text('{"text": 7}\n{"text": "aaa"}\n{"other": 1}\n')
    score_file.run(Job(tmp_path / "in.jsonl", "text", tmp_path / "out.jsonl"), model, resume=False)
    assert [row["reason"] for row in read(tmp_path / "out.jsonl")] == ["not text", "", "empty"]
    (tmp_path / "in.csv").write_bytes(b"text\naaa\nb\xffb\n")
    score_file.run(Job(tmp_path / "in.csv", "text", tmp_path / "out.csv"), model, resume=False)
    assert (tmp_path / "out.csv").read_bytes().splitlines()[2] == b"b\xffb,,,not UTF-8"


def test_parquet_columns_keep_their_types(tmp_path: Path, model: Model) -> None:
    rows = table().assign(when=pd.Timestamp("2026-01-01"), share=0.5)
    score_file.run(
        Job(write(tmp_path / "in.parquet", rows), "text", tmp_path / "out.parquet", window=3), model, resume=False
    )
    found = pd.read_parquet(tmp_path / "out.parquet")
    pd.testing.assert_frame_equal(found[list(rows)], pd.read_parquet(tmp_path / "in.parquet"))


class Killed(Exception):
    """Stands for a kill."""


class Failing:
    """A model that ends the process after some answers."""

    def __init__(self, model: Model, answers: int) -> None:
        self.model, self.left, self.asked = model, answers, 0
        self.oos_rule, self.checksum = model.oos_rule, model.checksum

    def predict(self, texts: list[str], batch_size: int) -> Answers:
        self.asked += 1
        if self.asked > self.left:
            raise Killed
        return self.model.predict(texts, batch_size)


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_a_killed_run_leaves_no_output_and_goes_on(tmp_path: Path, model: Model, ending: str) -> None:
    job = Job(write(tmp_path / f"in.{ending}", table(40)), "text", tmp_path / f"out.{ending}", window=8)
    with pytest.raises(Killed):
        score_file.run(job, Failing(model, 3), resume=False)  # type: ignore[arg-type]
    assert not job.target.exists()
    with pytest.raises(InputError, match=r"out.\w+.parts is left over from an interrupted run; continue with --resume"):
        score_file.run(job, model, resume=False)
    rest = Failing(model, 100)
    score_file.run(job, rest, resume=True)  # type: ignore[arg-type]
    assert rest.asked == 2, "the first three windows are not scored again"
    whole = replace(job, target=tmp_path / f"whole.{ending}")
    score_file.run(whole, model, resume=False)
    assert job.target.read_bytes() == whole.target.read_bytes()


def test_resume_refuses_a_job_with_a_different_input(tmp_path: Path, model: Model) -> None:
    job = Job(write(tmp_path / "in.csv", table(40)), "text", tmp_path / "out.csv", window=8)
    with pytest.raises(Killed):
        score_file.run(job, Failing(model, 1), resume=False)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="belongs to another input, column, batch size or model"):
        score_file.run(replace(job, batch_size=3), model, resume=True)
    write(job.source, table(41))
    with pytest.raises(
        InputError, match="belongs to another input, column, batch size or model; delete it to start over"
    ):
        score_file.run(job, model, resume=True)
    shutil.rmtree(job.parts)
    assert score_file.run(job, model, resume=True) > 0


def test_an_older_output_stays_until_the_new_one_is_whole(tmp_path: Path, model: Model) -> None:
    job = Job(write(tmp_path / "in.csv", table(40)), "text", tmp_path / "out.csv", window=8)
    job.target.write_text("old")
    with pytest.raises(Killed):
        score_file.run(job, Failing(model, 1), resume=False)  # type: ignore[arg-type]
    assert job.target.read_text() == "old"


@pytest.mark.parametrize(
    ("content", "column", "target", "message"),
    [
        ("text\nx\n", "message", "out.csv", r"in.csv: no column 'message'; it has text; choose with --text-column"),
        ("text,reason\nx,y\n", "text", "out.csv", r"has a column 'reason', which scoring would add"),
        ("text\n", "text", "out.csv", "in.csv holds no rows"),
        ("text,note,note\nx,y,z\n", "text", "out.csv", "two columns are called 'note'"),
        ("text;note\nx;y\n", "text", "out.csv", 'the header suggests delimiter: ";"'),
        ("text\nx\n", "text", "folder.csv", "folder.csv is a folder; name a file"),
        ("text\nx\n", "text", "out.xlsx", r"out.xlsx: unknown ending; allowed: .csv, .tsv, .jsonl, .parquet"),
        ("text\nx\n", "text", "in.csv", "is the input; name another file"),
        ("text\nx\n", "text", "none/out.csv", "none is not a folder"),
        ("text\nx,y\n", "text", "out.csv", r"line 2 has 2 cells, and the header 1 \('text'\)"),
        ('text\n"x\n', "text", "out.csv", "line 2: unexpected end of data; is a quote never closed"),
    ],
)
def test_bad_input_is_one_sentence(
    tmp_path: Path, model: Model, content: str, column: str, target: str, message: str
) -> None:
    (tmp_path / "in.csv").write_text(content)
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InputError, match=message):
        score_file.run(Job(tmp_path / "in.csv", column, tmp_path / target), model, resume=False)
    assert not (tmp_path / "out.csv").exists()
    assert not list(tmp_path.glob("*.parts"))


def test_a_bad_row_far_down_leaves_nothing_behind(tmp_path: Path, model: Model) -> None:
    (tmp_path / "in.csv").write_text("text\n" + "x\n" * 20 + "x,y\n")
    job = Job(tmp_path / "in.csv", "text", tmp_path / "out.csv", window=8)
    with pytest.raises(InputError, match="line 22 has 2 cells, and the header 1"):
        score_file.run(job, model, resume=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv"]


def test_a_file_that_is_not_there_or_not_parquet_is_named(tmp_path: Path, model: Model) -> None:
    with pytest.raises(InputError, match=r"in.csv does not exist"):
        score_file.run(Job(tmp_path / "in.csv", "text", tmp_path / "out.csv"), model, resume=False)
    (tmp_path / "in.parquet").write_text("text\nx\n")
    with pytest.raises(InputError, match=r"in.parquet is not readable as parquet"):
        score_file.run(Job(tmp_path / "in.parquet", "text", tmp_path / "out.csv"), model, resume=False)
    (tmp_path / "in.jsonl").write_text('{"text": "x"}\n{"text": "y", "more": 1}\n')
    with pytest.raises(InputError, match=r"a row has 'more', which the first row lacks; write JSON lines"):
        score_file.run(Job(tmp_path / "in.jsonl", "text", tmp_path / "out.csv"), model, resume=False)
    (tmp_path / "in.jsonl").write_text('{"text": "x"}\n[1]\n')
    with pytest.raises(InputError, match=r"in.jsonl: line 2 is not a JSON object"):
        score_file.run(Job(tmp_path / "in.jsonl", "text", tmp_path / "out.csv"), model, resume=False)


def test_a_rule_adds_what_it_decided(tmp_path: Path, model: Model) -> None:
    rule = OosRule("threshold", "probability", 1, ["out_of_scope"], {}, threshold=0.5)
    strict = replace(model, oos_rule=rule)
    job = Job(write(tmp_path / "in.csv", pd.DataFrame({"text": ["aaa", "zzz"]})), "text", tmp_path / "out.csv")
    score_file.run(job, strict, resume=False)
    first, second = read(job.target)
    assert list(first) == ["text", "predicted", "confidence", "intent", "score", "reason"]
    assert (first["predicted"], first["intent"]) == ("a", "a")
    assert second["predicted"] == "out_of_scope"
    assert float(second["score"]) > 0.5


def test_memory_does_not_grow_with_the_file(tmp_path: Path, model: Model) -> None:
    source = tmp_path / "in.csv"
    with source.open("w") as file:
        file.write("text\n")
        file.writelines(f"aaa {'word ' * 40}{number}\n" for number in range(60_000))
    small = write(tmp_path / "small.csv", table(8))
    score_file.run(Job(small, "text", tmp_path / "out.csv"), model, resume=False)
    tracemalloc.start()
    try:
        score_file.run(Job(source, "text", tmp_path / "out.csv", window=500), model, resume=False)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 6e6, "bytes; the file alone has 13 million"


# What ends a line or a cell for one program or another, and what is easily lost.
SIGNS = [chr(code) for code in (*range(1, 32), 0x7F, 0x85, 0xA0, 0x2028, 0x2029, 0xFEFF, 0x1F600)] + list("\"',;|\\")
CELLS = [f"aaa{sign}{place}" for sign in SIGNS for place in ("", "b", sign)]


@pytest.mark.parametrize("source", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("target", ["csv", "jsonl", "parquet"])
def test_every_sign_comes_back_in_every_format(tmp_path: Path, model: Model, source: str, target: str) -> None:
    file = tmp_path / f"in.{source}"
    if source == "csv":
        with file.open("w", newline="") as lines:
            csv.writer(lines, quoting=csv.QUOTE_ALL).writerows([["text"], *([cell] for cell in CELLS)])
    else:
        write(file, pd.DataFrame({"text": CELLS}))
    score_file.run(Job(file, "text", tmp_path / f"out.{target}", window=7), model, resume=False)
    assert [row["text"] for row in read(tmp_path / f"out.{target}")] == CELLS
    assert [row["text"] for window in read_windows(tmp_path / f"out.{target}", 9) for row in window.rows] == CELLS


def test_half_a_character_gets_a_reason_and_comes_back(tmp_path: Path, model: Model) -> None:
    line = '{"text": "my parcel \\ud83d", "id": 1}'
    (tmp_path / "in.jsonl").write_text(f'{line}\n{{"text": "aaa", "id": NaN}}\n')
    score_file.run(Job(tmp_path / "in.jsonl", "text", tmp_path / "out.jsonl"), model, resume=False)
    first, second = read(tmp_path / "out.jsonl")
    assert (first["text"], first["reason"]) == (json.loads(line)["text"], "not UTF-8")
    assert (second["id"], second["predicted"]) == (None, "a")
    for ending in ("csv", "parquet"):
        score_file.run(Job(tmp_path / "in.jsonl", "text", tmp_path / f"out.{ending}"), model, resume=False)
        assert read(tmp_path / f"out.{ending}")[0]["text"] == "my parcel ?"


def test_a_blank_line_of_a_one_column_file_is_a_row(tmp_path: Path, model: Model) -> None:
    (tmp_path / "in.csv").write_text("text\naaa\n\nbbb\n")
    score_file.run(Job(tmp_path / "in.csv", "text", tmp_path / "out.csv"), model, resume=False)
    assert [row["predicted"] for row in read(tmp_path / "out.csv")] == ["a", "", "b"]


def test_tabs_delimiters_capital_endings_and_gz(tmp_path: Path, model: Model) -> None:
    (tmp_path / "in.TSV").write_text('id\ttext\n1\tsay "aaa, or\n')
    score_file.run(Job(tmp_path / "in.TSV", "text", tmp_path / "out.tsv"), model, resume=False)
    assert (tmp_path / "out.tsv").read_text().splitlines()[1].startswith('1\tsay "aaa, or\ta\t')
    (tmp_path / "in.CSV").write_text("id;text\n1;aaa, or\n")
    score_file.run(Job(tmp_path / "in.CSV", "text", tmp_path / "out.csv", delimiter=";"), model, resume=False)
    assert (tmp_path / "out.csv").read_text().splitlines()[1].startswith('1,"aaa, or",a,')
    (tmp_path / "in.jsonl.gz").write_bytes(gzip.compress(b'{"text": "aaa\\nb"}\n'))
    score_file.run(Job(tmp_path / "in.jsonl.gz", "text", tmp_path / "out.csv"), model, resume=False)
    with pytest.raises(InputError, match=r"a cell holds a tab or a line break, which .tsv can't hold; write .csv"):
        score_file.run(Job(tmp_path / "in.jsonl.gz", "text", tmp_path / "out.tsv"), model, resume=False)
    (tmp_path / "in.jsonl.gz").write_bytes(gzip.compress(b'{"text": "aaa"}\n' * 9000)[:-20])
    with pytest.raises(InputError, match=r"in.jsonl.gz is not readable as jsonl"):
        score_file.run(Job(tmp_path / "in.jsonl.gz", "text", tmp_path / "out.csv"), model, resume=False)


def test_nanoseconds_stay(tmp_path: Path, model: Model) -> None:
    when = pa.array([1_000_000_001], pa.time64("ns"))
    pq.write_table(pa.table({"text": ["aaa"], "when": when}), tmp_path / "in.parquet")
    score_file.run(Job(tmp_path / "in.parquet", "text", tmp_path / "out.parquet"), model, resume=False)
    assert pq.read_table(tmp_path / "out.parquet")["when"].combine_chunks() == when
    score_file.run(Job(tmp_path / "in.parquet", "text", tmp_path / "out.csv"), model, resume=False)
    assert read(tmp_path / "out.csv")[0]["when"] == "00:00:01.000000001"


def test_a_job_file_that_was_cut_off_is_another_job(tmp_path: Path, model: Model) -> None:
    job = Job(write(tmp_path / "in.csv", table(40)), "text", tmp_path / "out.csv", window=8)
    job.parts.mkdir()
    (job.parts / "job.json").write_text('["x')
    with pytest.raises(
        InputError, match="belongs to another input, column, batch size or model; delete it to start over"
    ):
        score_file.run(job, model, resume=True)


def test_two_processes_never_write_one_output(tmp_path: Path, model: Model) -> None:
    job = Job(write(tmp_path / "in.csv", table(4)), "text", tmp_path / "out.csv")
    with score_file.held(job.parts), pytest.raises(InputError, match=r"another process is writing .*out.csv.parts"):
        score_file.run(job, model, resume=False)
    score_file.run(job, model, resume=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]


def test_json_that_is_nested_too_deeply_is_named(tmp_path: Path, model: Model) -> None:
    (tmp_path / "in.jsonl").write_text('{"text": "x"}\n' + "[" * 100_000 + "\n")
    with pytest.raises(InputError, match=r"in.jsonl: line 2 is nested too deeply"):
        score_file.run(Job(tmp_path / "in.jsonl", "text", tmp_path / "out.csv"), model, resume=False)


def test_a_later_rows_own_answer_is_never_overwritten(tmp_path: Path, model: Model) -> None:
    (tmp_path / "in.jsonl").write_text('{"text": "a"}\n{"text": "b", "predicted": "mine"}\n')
    with pytest.raises(InputError, match="a row has 'predicted', which scoring would add; rename it"):
        score_file.run(Job(tmp_path / "in.jsonl", "text", tmp_path / "out.jsonl"), model, resume=False)


def test_names_of_columns_come_back_too(tmp_path: Path, model: Model) -> None:
    (tmp_path / "in.jsonl").write_text('{"text": "aaa", "x\\ry": 1}\n')
    score_file.run(Job(tmp_path / "in.jsonl", "text", tmp_path / "out.csv"), model, resume=False)
    assert read(tmp_path / "out.csv")[0]["x\ry"] == "1"
    with pytest.raises(InputError, match=r"which .tsv can't hold"):
        score_file.run(Job(tmp_path / "in.jsonl", "text", tmp_path / "out.tsv"), model, resume=False)
    (tmp_path / "in.jsonl").write_text('{"text": "aaa", "\\ud800": 1}\n')
    for ending in ("csv", "tsv", "parquet"):
        with pytest.raises(InputError, match=r"column name '\\ud800' is not UTF-8; write JSON lines"):
            score_file.run(Job(tmp_path / "in.jsonl", "text", tmp_path / f"out.{ending}"), model, resume=False)
    assert not list(tmp_path.glob("*.parts"))


def test_a_targets_delimiter_is_its_own(tmp_path: Path, model: Model) -> None:
    (tmp_path / "in.csv").write_text("text;n\naaa;1\n")
    score_file.run(Job(tmp_path / "in.csv", "text", tmp_path / "out.tsv", delimiter=";"), model, resume=False)
    assert (tmp_path / "out.tsv").read_text().startswith("text\tn\tpredicted\t")


def test_json_is_json_all_the_way_down(tmp_path: Path, model: Model) -> None:
    rows = pd.DataFrame({"text": ["aaa"], "deep": [[{"share": float("nan")}]]})
    rows.to_parquet(tmp_path / "in.parquet")
    score_file.run(Job(tmp_path / "in.parquet", "text", tmp_path / "out.jsonl"), model, resume=False)
    assert '"deep": [{"share": null}]' in (tmp_path / "out.jsonl").read_text()


def test_bytes_that_are_no_text_reach_parquet_as_question_marks(tmp_path: Path, model: Model) -> None:
    (tmp_path / "in.csv").write_bytes(b"text\nb\xffb\n")
    score_file.run(Job(tmp_path / "in.csv", "text", tmp_path / "out.parquet"), model, resume=False)
    assert read(tmp_path / "out.parquet")[0]["text"] == "b?b"


def test_a_date_that_python_cannot_hold_stays_in_parquet(tmp_path: Path, model: Model) -> None:
    when = pa.array([10**13], pa.timestamp("s"))
    pq.write_table(pa.table({"text": ["aaa"], "when": when}), tmp_path / "in.parquet")
    score_file.run(Job(tmp_path / "in.parquet", "text", tmp_path / "out.parquet"), model, resume=False)
    with pytest.raises(InputError, match=r"column 'when' has a value that only .parquet can hold"):
        score_file.run(Job(tmp_path / "in.parquet", "text", tmp_path / "out.csv"), model, resume=False)


def test_a_parquet_file_without_rows_is_refused(tmp_path: Path, model: Model) -> None:
    pq.write_table(pa.table({"text": pa.array([], pa.string())}), tmp_path / "in.parquet")
    with pytest.raises(InputError, match=r"in.parquet holds no rows"):
        score_file.run(Job(tmp_path / "in.parquet", "text", tmp_path / "out.csv"), model, resume=False)


def test_a_text_of_signs_that_no_one_sees_is_empty() -> None:
    assert score_file.unusable("\u200b\u3164") == "empty"
