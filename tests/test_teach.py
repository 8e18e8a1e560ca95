"""Teachers: what they say of the training rows, and the runs that can't be one."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from tests.toys import params
from textclf.checksums import sha256
from textclf.errors import InputError
from textclf.taught import taught, text_key
from textclf.teachers import check_teachers
from textclf.training.trainer import taught_loss
from tools.teach.teach import check_no_leak, teach

ROWS = pd.DataFrame({"id": ["r1", "r2"], "text": ["hello", "bye"]})
LABELS = ["a", "b"]
COMMIT = "0" * 40


def write_teacher(folder: Path, name: str, logits: list[list[float]], **changes: Any) -> Path:
    """A teacher of the toy rows; `changes` are other columns."""
    folder.mkdir(exist_ok=True)
    table = pd.DataFrame({"id": ROWS["id"], "text": ROWS["text"].map(text_key)})
    for label, column in zip(LABELS, zip(*logits, strict=True), strict=True):
        table[label] = column
    file = folder / f"{name}.parquet"
    table.assign(**changes).to_parquet(file, index=False)
    (folder / f"{name}.yaml").write_text(f"commit: '{COMMIT}'\nsha256: {sha256(file)}\n")
    return folder


def test_several_teachers_teach_the_mean_of_their_probabilities_at_the_temperature(tmp_path: Path) -> None:
    write_teacher(tmp_path, "one", [[2 * np.log(3), 0.0], [0.0, 0.0]])
    write_teacher(tmp_path, "two", [[0.0, 0.0], [0.0, 2 * np.log(9)]])
    found = taught(["one", "two"], tmp_path, ROWS[::-1], LABELS, temperature=2.0)
    np.testing.assert_allclose(found.loc["r1"], [0.625, 0.375])
    np.testing.assert_allclose(found.loc["r2"], [0.3, 0.7])
    assert list(found.index) == ["r2", "r1"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"c": 1.0}, "the teacher has other labels, such as 'c'"),
        ({"id": ["r1", "r9"]}, "the teacher has not seen row r2; make it anew with tools.teach"),
        ({"text": [text_key("hello"), text_key("by")]}, "row r2 has another text now; make it anew with tools.teach"),
    ],
)
def test_a_teacher_of_other_rows_or_labels_is_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    write_teacher(tmp_path, "one", [[1.0, 0.0], [0.0, 1.0]], **changes)
    with pytest.raises(InputError, match=message):
        taught(["one"], tmp_path, ROWS, LABELS, temperature=1.0)


def test_a_name_without_a_spec_logits_that_are_missing_and_logits_that_changed_are_refused(tmp_path: Path) -> None:
    write_teacher(tmp_path, "one", [[1.0, 0.0], [0.0, 1.0]])
    with pytest.raises(InputError, match=r"distil\.teachers: 'uno' is not in .*; allowed: one"):
        check_teachers(["uno"], tmp_path)
    file = tmp_path / "one.parquet"
    file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(InputError, match=r"one\.parquet has sha256 .*, not .* as its spec says"):
        check_teachers(["one"], tmp_path)
    file.unlink()
    with pytest.raises(InputError, match=r"one\.parquet is missing; python -m tools\.teach 0{40} makes it"):
        check_teachers(["one"], tmp_path)


def test_a_teacher_that_is_named_twice_is_refused(tmp_path: Path) -> None:
    write_teacher(tmp_path, "one", [[1.0, 0.0], [0.0, 1.0]])
    with pytest.raises(InputError, match=r"params\.yaml: distil\.teachers names 'one' twice"):
        check_teachers(["one", "one"], tmp_path)


@pytest.mark.parametrize("label", ["id", "text"])
def test_a_label_with_the_name_of_another_column_is_refused(tmp_path: Path, label: str) -> None:
    message = f"label '{label}' can't be taught: the teachers' tables have another column of that name"
    with pytest.raises(InputError, match=message):
        taught(["one"], tmp_path, ROWS, ["a", label], temperature=1.0)
    run = toy_run(["a"], ["b"])
    run.labels = ["a", label]
    with pytest.raises(InputError, match=message):
        teach(run, run, "x", "")


def test_the_loss_of_distillation_has_the_gradient_of_its_formula() -> None:
    distil = params(distil={"temperature": 2.0, "weight": 0.25}).distil
    logits = torch.tensor([[1.0, -1.0]], requires_grad=True)
    teacher, label = torch.tensor([[0.4, 0.6]]), torch.tensor([0])
    hard = torch.nn.functional.cross_entropy(logits, label)
    taught_loss(logits, teacher, hard, distil).backward()
    of_label = logits.detach().softmax(1) - torch.tensor([[1.0, 0.0]])
    of_teacher = 2.0 * ((logits.detach() / 2.0).softmax(1) - teacher)
    torch.testing.assert_close(logits.grad, 0.75 * of_label + 0.25 * of_teacher)


def toy_run(train: list[str], test: list[str], **more: Any) -> Any:
    texts = train + test
    rows = pd.DataFrame({"text": texts, "used": ["train"] * len(train) + ["test"] * len(test)})
    rows.index = pd.Index([f"r{number}" for number in range(len(texts))])
    revision = SimpleNamespace(name="old", sha=COMMIT, **more)
    return SimpleNamespace(rows=rows, labels=LABELS, revision=revision)


def test_a_run_that_has_learned_a_test_text_is_no_teacher() -> None:
    student = toy_run(["a", "b"], ["Where is it", "d"])
    check_no_leak(toy_run(["a", "b", "c"], ["d"]), student)
    with pytest.raises(InputError, match="old has learned from 1 test rows, such as r2; take a run with the same"):
        check_no_leak(toy_run(["a", "where  is IT"], ["d"]), student)


def test_other_labels_the_workspace_and_a_path_for_a_name_are_refused(tmp_path: Path) -> None:
    run = toy_run(["a"], ["b"])
    with pytest.raises(InputError, match=r"'\.\./x' is no name for a file"):
        teach(run, run, "../x", "")
    other = toy_run(["a"], ["b"])
    other.labels = ["a", "c"]
    with pytest.raises(InputError, match="old has other labels, such as 'b'"):
        teach(other, run, "x", "")
    run.revision.sha = None
    with pytest.raises(InputError, match="the workspace can't be a teacher"):
        teach(run, other, "x", "")
