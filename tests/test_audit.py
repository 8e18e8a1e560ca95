"""The audit: which rows it finds on toy vectors, and why."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from stages import audit as stage
from tests.conftest import ROOT, Clone
from textclf.audit.audit import COLUMNS, Part, audit
from textclf.audit.kinds import KINDS, PLACES
from textclf.audit.label_issues import deal, out_of_sample, suspicions
from textclf.audit.neighbors import find_neighbors, outliers
from textclf.audit.twins import same_text_twins
from textclf.charts.suspects import draw_suspects
from textclf.encoders.checkpoints import Checkpoint
from textclf.errors import InputError
from textclf.params import Audit
from tools.audit.flips import flip
from tools.audit.queue import suspects

PARAMS = Audit(enabled=True, folds=5, C=10.0, seed=0, max_rows=1000)
WORDS = ["alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliet", "kilo", "lima"]


def unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def part(rows: int, seed: int = 0, split: str = "train") -> Part:
    """Rows of three labels whose vectors lie around three axes, each with a text of its own."""
    random = np.random.default_rng(seed)
    labels = np.arange(rows) % 3
    vectors = unit(np.eye(3, 16)[labels] * 4 + random.normal(size=(rows, 16)))
    texts = [" ".join(random.choice(WORDS, 6)) + f" {number} {seed}" for number in range(rows)]
    table = pd.DataFrame({"id": [f"{seed}-{n}" for n in range(rows)], "text": texts, "split": split})
    return Part(table.assign(label=[f"label_{'abc'[y]}" for y in labels]), vectors.astype(np.float32))


def test_folds_hold_as_many_rows_of_each_label_as_they_can() -> None:
    labels = np.array([0] * 11 + [1] * 2)
    fold = deal(labels, 5, seed=3)
    counts = [np.bincount(fold[labels == label], minlength=5) for label in (0, 1)]
    assert counts[0].max() - counts[0].min() <= 1
    assert counts[1].max() == 1


def test_probabilities_are_of_classifiers_that_have_not_seen_the_row() -> None:
    rows = part(60)
    labels = np.arange(60) % 3
    lone = rows.vectors.copy()
    lone[0] = 0
    lone[0, 15] = 1  # a row like no other, whose label nobody else can tell
    assert out_of_sample(lone, labels, 5, 1000.0, 0)[0].max() < 0.9
    assert (out_of_sample(rows.vectors, labels, 5, 10.0, 0).argmax(axis=1) == labels).mean() > 0.95


def test_flipped_labels_come_first_and_get_the_right_suggestion() -> None:
    rows = part(300)
    labels, flipped = flip(np.arange(300) % 3, 0.05, seed=1)
    found = suspicions(rows.vectors, labels, 5, 10.0, 0)
    first = found.listed()[: flipped.sum()]
    assert flipped[first].mean() >= 0.9
    assert (found.suggested[flipped] == (np.arange(300) % 3)[flipped]).mean() >= 0.9
    assert found.issue[flipped].mean() > 0.5 > 0.05 > found.issue[~flipped].mean()


def suspect_parts() -> tuple[Part, Part]:
    """Learned and test rows with an issue of every kind."""
    learned, tested = part(90), part(30, seed=1, split="test")
    rows, vectors = learned.rows.copy(), learned.vectors.copy()
    rows.loc[1, "text"] = rows.loc[0, "text"].upper() + "  "  # another label: a conflict
    rows.loc[6, "text"] = rows.loc[3, "text"]  # the same label: a duplicate
    rows.loc[8, "text"] = rows.loc[11, "text"] + "!"
    rows.loc[20, "text"] = tested.rows["text"][0] + "?"
    rows.loc[30, "label"] = "label_b"  # it is an a
    vectors[40] = -vectors[40]
    return Part(rows, vectors), tested


def test_every_kind_of_issue_is_found_with_its_twin() -> None:
    table, counts = audit(*suspect_parts(), PARAMS, judged=set())
    assert list(table.columns) == COLUMNS
    by_kind = {kind: table[table["kind"] == kind].set_index("id") for kind in KINDS}
    assert by_kind["conflict"]["twin"].to_dict() == {"0-0": "0-1", "0-1": "0-0"}
    assert by_kind["conflict"]["suggested"].to_dict() == {"0-0": "label_b", "0-1": "label_a"}
    assert by_kind["duplicate"]["twin"].to_dict() == {"0-3": "0-6", "0-6": "0-3"}
    assert by_kind["near_duplicate"].loc["0-8", "twin"] == "0-11"
    assert by_kind["near_test"].loc["0-20", "twin"] == "1-0"
    assert by_kind["near_test"]["suggested"].isna().all(), "a test row's label, another one here, is no evidence"
    assert by_kind["label"].loc["0-30", "suggested"] == "label_a"
    assert "0-40" in by_kind["outlier"].index
    assert len(counts) <= 10
    assert counts["rows"] == 90
    assert counts["conflict_rows"] == 2


def test_conflicts_come_first_then_suspect_labels_and_disagreements_as_one_list() -> None:
    kinds = audit(*suspect_parts(), PARAMS, judged=set())[0]["kind"]
    assert set(kinds) == set(PLACES) == set(KINDS)
    one_list = kinds.replace("disagreement", "label")
    assert list(dict.fromkeys(one_list)) == ["conflict", "label", "near_test", "duplicate", "near_duplicate", "outlier"]


def test_rows_that_a_person_has_judged_are_neither_listed_nor_counted() -> None:
    judged = {"0-0", "0-30"}
    table, counts = audit(*suspect_parts(), PARAMS, judged)
    assert not judged & set(table["id"])
    assert (counts["rows"], counts["conflict_rows"]) == (90, 1)
    assert {kind: counts[f"{kind}_rows"] for kind in KINDS} == {kind: (table["kind"] == kind).sum() for kind in KINDS}


def test_a_label_with_a_single_row_cannot_be_judged_and_is_counted() -> None:
    learned = part(60)
    rows = learned.rows.assign(label=[*learned.rows["label"][:-1], "lonely"])
    table, counts = audit(Part(rows, learned.vectors), part(6, seed=1), PARAMS, judged=set())
    assert counts["unchecked"] == 1
    assert "lonely" not in set(table["label"][table["kind"].isin(["label", "disagreement"])])


@pytest.mark.parametrize("labels", ["a", "ab", "aab", "abc", "aaab", "aaaaaaabcdef"])
def test_without_two_labels_of_two_rows_no_label_is_judged_and_all_rows_count_as_unchecked(labels: str) -> None:
    learned = part(len(labels))
    rows = learned.rows.assign(label=list(labels), text="the same")
    table, counts = audit(Part(rows, learned.vectors), part(3, seed=1), PARAMS, judged=set())
    assert counts["unchecked"] == len(labels)
    assert "out_of_sample_accuracy" not in counts
    assert set(table["kind"]) <= {"conflict", "duplicate"}
    assert set(table["id"]) == (set(rows["id"]) if len(labels) > 1 else set()), "texts are compared all the same"


@pytest.mark.parametrize("labels", ["aabb", "aaabbc"])
def test_fewer_rows_than_folds_are_judged_by_as_many_folds_as_there_are_rows(labels: str) -> None:
    learned = part(len(labels))
    rows = learned.rows.assign(label=list(labels))
    counts = audit(Part(rows, learned.vectors), part(3, seed=1), PARAMS.model_copy(update={"folds": 50}), set())[1]
    assert counts["unchecked"] == labels.count("c")
    assert 0 <= counts["out_of_sample_accuracy"] <= 1


def test_a_twin_with_another_label_comes_before_one_with_the_same() -> None:
    found = same_text_twins(np.array([0, 0, 0]), ["a", "a", "b"])
    assert [(twin.kind, twin.other) for twin in found] == [("conflict", 2), ("conflict", 2), ("conflict", 0)]


def test_each_row_of_a_text_has_the_first_row_with_another_label_or_else_the_first_other_one() -> None:
    rng = np.random.default_rng(5)
    groups, labels = rng.integers(0, 30, 200), [str(label) for label in rng.integers(0, 3, 200)]
    for twin in same_text_twins(groups, labels):
        others = [row for row in range(200) if groups[row] == groups[twin.row] and row != twin.row]
        torn = [row for row in others if labels[row] != labels[twin.row]]
        assert (twin.kind, twin.other) == (("conflict", torn[0]) if torn else ("duplicate", others[0]))


def test_rows_of_the_same_text_are_no_neighbors_of_each_other() -> None:
    vectors = unit(np.array([[1.0, 0], [1, 0], [1, 0.1]])).astype(np.float32)
    assert find_neighbors(vectors, np.array([0, 0, 1])).nearest.tolist() == [2, 2, 0]
    assert outliers(np.array([0.1] * 10 + [0.9])).tolist() == [False] * 10 + [True]


def test_the_picture_says_how_many_there_are_also_if_there_are_none() -> None:
    assert draw_suspects(pd.Series(["a", "a", "b"]), 90).axes[0].get_title("left") == "Suspect labels (3 of 90 rows)"
    assert "(0 of 0 rows)" in draw_suspects(pd.Series([], dtype=str), 0).axes[0].get_title("left")


@pytest.mark.slow
def test_the_stage_writes_what_is_found_and_nothing_when_it_is_off(trained: Clone) -> None:
    counts = json.loads(trained.read("metrics/audit.json"))
    assert counts["rows"] == 240 + json.loads(trained.read("metrics/split.json"))["validation"]
    table = pd.read_csv(trained.folder / "data/audit/rows.csv")
    assert list(table.columns) == COLUMNS
    assert set(table["kind"]) <= set(KINDS)
    trained.set(audit={"enabled": False})
    out = trained.run("dvc", "repro")
    assert "stages.audit" in out
    assert "stages.train" not in out
    assert json.loads(trained.read("metrics/audit.json")) == {"rows": 0}


def write_inputs(folder: Path, rows: pd.DataFrame, judged: str = "") -> None:
    """Write what the stage reads; `rows` has id, text, label and split."""
    shutil.copy(ROOT / "params.yaml", folder)
    for name in ("data/raw", "data/tokenized", "data/splits"):
        (folder / name).mkdir(parents=True)
    rows.to_parquet("data/raw/rows.parquet")
    rows.assign(input_ids=[[101, 1000 + at, 102] for at in range(len(rows))]).to_parquet("data/tokenized/rows.parquet")
    for split in ("train", "validation", "test"):
        rows.loc[rows["split"] == split, ["id", "label"]].to_csv(f"data/splits/{split}.csv", index=False)
    Path("data/judged.csv").write_text(f"id,judged\n{judged}")


def test_with_test_rows_alone_there_is_nothing_to_audit(in_tmp: Path) -> None:
    write_inputs(in_tmp, pd.DataFrame({"id": ["1"], "text": ["hello"], "label": ["a"], "split": ["test"]}))
    stage.main()
    assert json.loads((in_tmp / "metrics/audit.json").read_text()) == {"rows": 0}
    assert len(pd.read_csv(in_tmp / "data/audit/rows.csv")) == 0
    assert (in_tmp / "plots/suspects.png").is_file()


def test_the_numbers_of_three_rows_are_of_those_that_nobody_has_judged(
    in_tmp: Path, tiny: Callable[[str], Path]
) -> None:
    rows = pd.DataFrame({"id": list("1234"), "text": ["hi", "hi", "bye", "oh"], "label": list("abaa")})
    write_inputs(in_tmp, rows.assign(split=["train", "train", "validation", "test"]), judged="1,keep\n")
    Path("data/tokenized/checkpoint.json").write_text(Checkpoint(folder=str(tiny("bert"))).model_dump_json())
    stage.main()
    counts = json.loads(Path("metrics/audit.json").read_text())
    listed = pd.read_csv("data/audit/rows.csv", dtype=str)
    assert (counts["rows"], counts["unchecked"], counts["conflict_rows"]) == (3, 3, 1)
    assert listed.loc[listed["kind"] == "conflict", "id"].tolist() == ["2"]


def test_help_and_mistakes_are_answered_before_anything_heavy_is_imported() -> None:
    command = [sys.executable, "-X", "importtime", "-m", "tools.audit", "--print", "0"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert "argument --print: '0' is not a whole number of 1 or more" in done.stderr
    assert "pandas" not in done.stderr


def test_without_an_audit_the_tool_says_what_to_run(in_tmp: Path) -> None:
    with pytest.raises(InputError, match=r"data/audit/rows\.csv does not exist; run dvc repro audit first"):
        suspects()
