"""What people type: texts, standard input, files, other revisions; and the same answers as Hugging Face's pipeline."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from transformers import pipeline

from tests.conftest import Clone
from tests.models import write_rules
from textclf.inference.model import load_model
from textclf.oos.rule import OosRule
from tools.predict.__main__ import main

TEXT = "where is my parcel?"


@pytest.fixture
def predict(trained: Clone, typed: Callable[..., str]) -> Callable[..., str]:
    return partial(typed, main, trained.folder)


def test_a_text_gets_its_label_with_runners_up(trained: Clone, predict: Callable[..., str]) -> None:
    out = predict(TEXT, "--top", "4")
    lines = out.splitlines()
    assert lines[0] == TEXT
    shares = [float(re.search(r"([\d.]+)%", line)[1]) for line in lines[1:]]  # type: ignore[index]
    assert len(shares) == 4
    assert shares == sorted(shares, reverse=True)
    labels = json.loads(trained.read("data/raw/labels.json"))
    assert {line.split()[0] for line in lines[1:]} <= set(labels)


def test_several_texts_are_answered_as_they_are_on_standard_input(trained: Clone, predict: Callable[..., str]) -> None:
    out = predict(TEXT, "i want my money back", "--top", "1")
    assert len(out.splitlines()) == 4
    command = ["python", "-m", "tools.predict", "-", "--top", "1"]
    options = {"cwd": trained.folder, "env": trained.environment, "capture_output": True, "text": True}
    piped = subprocess.run(command, input=f"{TEXT}\n\ni want my money back\n", **options)  # type: ignore[call-overload]
    assert piped.stdout == out
    empty = subprocess.run(command, input="\n", **options)  # type: ignore[call-overload]
    assert (empty.returncode, empty.stderr) == (1, "error: standard input holds no text\n")


def test_a_file_is_scored(trained: Clone, predict: Callable[..., str]) -> None:
    (trained.folder / "in.csv").write_text(f"id,text\n1,{TEXT}\n2,\n")
    out = predict("--in", "in.csv", "--out", "out.csv")
    assert "1 rows have no answer; their column `reason` says why" in out
    assert trained.read("out.csv").decode().splitlines()[2] == "2,,,,empty"


def test_the_answer_to_a_text_is_drawn(trained: Clone, predict: Callable[..., str]) -> None:
    predict("it costs $5 and $6", "--plot", "out.png", "--top", "5")
    assert trained.read("out.png").startswith(b"\x89PNG")


def test_a_reader_that_ends_early_is_no_error(trained: Clone) -> None:
    command = ["python", "-m", "tools.predict", "-"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    options = pipes | {"cwd": trained.folder, "env": trained.environment}
    with subprocess.Popen(command, **options) as process:  # type: ignore[call-overload]
        process.stdout.close()
        _, said = process.communicate(TEXT.encode())
    assert said == b""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["x", "--model", "none"], "error: none is not a model: it has no checksums.json; dvc repro"),
        (["x", "--rev", "nowhere"], "error: 'nowhere' is not a commit, branch, tag or experiment here"),
        (["x", " "], "error: text 2 is empty"),
        ([], "give either texts, or --in and --out together"),
        (["--in", "in.csv"], "give either texts, or --in and --out together"),
        (["x", "y", "--plot", "out.png"], "--plot draws one text"),
        (["x", "--resume"], "--resume, --delimiter and --text-column are for --in; leave them out"),
        (["x", "--text-column", "text"], "--resume, --delimiter and --text-column are for --in; leave them out"),
        (["--in", "a.csv", "--out", "b.csv", "--top", "3"], "--top is for texts; leave it out with --in"),
        (["x", "--top", "0"], "argument --top: '0' is not a whole number of 1 or more"),
    ],
)
def test_mistakes_get_one_sentence(predict: Callable[..., str], arguments: list[str], message: str) -> None:
    out = predict(*arguments, fails=True)
    assert message in out
    assert "Traceback" not in out


def test_another_revisions_classifier_needs_nothing_of_the_workspace(
    trained: Clone, predict: Callable[..., str]
) -> None:
    before = predict(TEXT, "--top", "24")
    shutil.rmtree(trained.folder / "models/classifier")
    assert "error: models/classifier is not a model: it has no checksums.json; dvc repro makes" in predict(
        TEXT, fails=True
    )
    assert predict(TEXT, "--top", "24", "--rev", "main") == before
    trained.run("dvc", "checkout", "--quiet")
    assert predict(TEXT, "--top", "24") == before


def test_out_of_scope_is_said(trained: Clone, predict: Callable[..., str], tmp_path: Path) -> None:
    strict = tmp_path / "strict"
    shutil.copytree(trained.folder / "models/classifier", strict)
    write_rules(strict, 1.0, OosRule("threshold", "probability", 1, ["out_of_scope"], {}, threshold=0.0))
    lines = predict(TEXT, "--model", str(strict)).splitlines()
    assert lines[1] == "  out of scope; nearest labels:"
    assert lines[2:] == predict(TEXT).splitlines()[1:]


def test_transformers_pipeline_says_what_the_tool_says(trained: Clone) -> None:
    folder = trained.folder / "models/classifier"
    classify: Any = pipeline("text-classification", str(folder))
    (found,) = classify([TEXT])
    model = load_model(folder)
    answers = model.predict([TEXT])
    assert found["label"] == answers.predicted[0]
    assert found["score"] == pytest.approx(answers.probabilities.max(), abs=1e-6)
    every = classify(["one", "two words here"], top_k=None)
    ours = model.predict(["one", "two words here"])
    for row, listed in enumerate(every):
        theirs = {entry["label"]: entry["score"] for entry in listed}
        np.testing.assert_allclose([theirs[label] for label in ours.labels], ours.probabilities[row], atol=1e-6)
