"""Scoring files: any format, any size, rows in order with all their columns, whole or not at all."""

import csv
import json
import resource
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.models import write_words_model
from textclf.errors import InputError
from textclf.inference.model import Answers, Model, load_model
from textclf.oos.rule import OosRule
from tools.predict import score_file
from tools.predict.score_file import Job

TEXTS = ["aaa and", "bbb or", "", None, "ccc\nwith a line end", 'say "aaa", please', "  ", "ünïcode bbb"]


@pytest.fixture(scope="module")
def model(tiny: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Model:
    return load_model(write_words_model(tiny("bert"), tmp_path_factory.mktemp("words")))


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
    write(job.source, table(41))
    with pytest.raises(InputError, match="belongs to another input, column or model; delete it to start over"):
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
        ("text\nx\n", "text", "out.xlsx", r"out.xlsx: unknown ending; allowed: .csv, .jsonl, .parquet"),
        ("text\nx\n", "text", "in.csv", "is the input; name another file"),
        ("text\nx\n", "text", "none/out.csv", "none is not a folder"),
        ("text\nx,y\n", "text", "out.csv", "row 1 has more cells than the header"),
        ('text\n"x\n', "text", "out.csv", "line 1: unexpected end of data; is a quote never closed"),
    ],
)
def test_bad_input_is_one_sentence(
    tmp_path: Path, model: Model, content: str, column: str, target: str, message: str
) -> None:
    (tmp_path / "in.csv").write_text(content)
    with pytest.raises(InputError, match=message):
        score_file.run(Job(tmp_path / "in.csv", column, tmp_path / target), model, resume=False)
    assert not (tmp_path / "out.csv").exists()
    assert not list(tmp_path.glob("*.parts"))


def test_a_bad_row_far_down_leaves_nothing_behind(tmp_path: Path, model: Model) -> None:
    (tmp_path / "in.csv").write_text("text\n" + "x\n" * 20 + "x,y\n")
    job = Job(tmp_path / "in.csv", "text", tmp_path / "out.csv", window=8)
    with pytest.raises(InputError, match="row 21 has more cells than the header"):
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
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    score_file.run(Job(source, "text", tmp_path / "out.csv", window=500), model, resume=False)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000, "kilobytes; the file alone is 13 MB"
