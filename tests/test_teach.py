"""Teachers: what they say of the training rows, and the runs that can't be one."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from stages import teach as stage
from tests.toys import params
from textclf.checksums import sha256
from textclf.errors import InputError
from textclf.outputs import ensure_parent, write_json
from textclf.taught import taught, text_key
from textclf.teachers import check_teachers, rows_key
from textclf.training.loss import taught_loss
from tools.teach import teach as tool
from tools.teach.teach import check_no_leak, teach

ROWS = pd.DataFrame({"id": ["r1", "r2"], "text": ["hello", "bye"]})
LABELS = ["a", "b"]
COMMIT = "0" * 40
TESTED = ["r3", "r4"]


def write_teacher(folder: Path, name: str, logits: list[list[float]], **changes: Any) -> Path:
    """A teacher of the toy rows, checked against the rows `TESTED`; `changes` are other columns."""
    folder.mkdir(parents=True, exist_ok=True)
    table = pd.DataFrame({"id": ROWS["id"], "text": ROWS["text"].map(text_key)})
    for label, column in zip(LABELS, zip(*logits, strict=True), strict=True):
        table[label] = column
    file = folder / f"{name}.parquet"
    table.assign(**changes).to_parquet(file, index=False)
    spec = {"commit": COMMIT, "sha256": sha256(file), "tested": rows_key(TESTED)}
    write_json(folder / f"{name}.yaml", spec)
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
    with pytest.raises(InputError, match=r"one\.parquet is missing; python -m tools\.teach 0{40} one makes it"):
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
    run = toy_run(["a"], ["b"], labels=["a", label])
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


def write_stage_inputs(folder: Path, tested: list[str]) -> None:
    """The files that the stage reads, with the toy rows for training and `tested` for test."""
    write_json(folder / "params.yaml", params(method="distil", distil={"teachers": ["one"]}).model_dump())
    write_json(folder / "data/raw/labels.json", LABELS)
    ROWS.to_parquet(ensure_parent(folder / stage.RAW))
    for name, ids in (("train", list(ROWS["id"])), ("test", tested)):
        lines = ["id,label", *(f"{row},a" for row in ids)]
        ensure_parent(folder / f"data/splits/{name}.csv").write_text("\n".join(lines) + "\n")


def test_the_stage_takes_a_teacher_that_was_checked_against_its_test_rows_in_any_order(in_tmp: Path) -> None:
    write_teacher(in_tmp / stage.TEACHERS, "one", [[4 * np.log(3), 0.0], [0.0, 0.0]])
    write_stage_inputs(in_tmp, TESTED[::-1])
    stage.main()
    table = pd.read_parquet(stage.TAUGHT).set_index("id")
    np.testing.assert_allclose(table.loc["r1", LABELS].astype(float), [0.9, 0.1])


@pytest.mark.parametrize("tested", [["r3", "r4", "r5"], ["r3"]])
def test_the_stage_refuses_a_teacher_once_the_test_rows_are_others(in_tmp: Path, tested: list[str]) -> None:
    write_teacher(in_tmp / stage.TEACHERS, "one", [[1.0, 0.0], [0.0, 1.0]])
    write_stage_inputs(in_tmp, tested)
    message = rf"one\.yaml: the teacher was checked against other test rows.*: python -m tools\.teach {COMMIT} one"
    with pytest.raises(InputError, match=message):
        stage.main()


def toy_run(train: list[str], test: list[str], validation: tuple[str, ...] = (), labels: list[str] = LABELS) -> Any:
    """A run of these texts, with the ids r0, r1, ...; its last evaluation named other labels than its data."""
    texts = [*train, *test, *validation]
    used = ["train"] * len(train) + ["test"] * len(test) + ["validation"] * len(validation)
    rows = pd.DataFrame({"text": texts, "used": used}, index=[f"r{number}" for number in range(len(texts))])
    revision = SimpleNamespace(name="old", sha=COMMIT, json={"data/raw/labels.json": labels}.__getitem__)
    return SimpleNamespace(rows=rows, labels=["evaluated", "earlier"], revision=revision)


class Lengths:
    """A model of two labels, in another order than `LABELS`, for which longer texts are more `a`."""

    def __init__(self) -> None:
        self.classifier, self.labels = self, ["b", "a"]

    def rows(self, texts: list[str]) -> list[str]:
        return texts

    def predict(self, rows: list[str], batch_size: int, desc: str) -> Any:
        return SimpleNamespace(logits=np.array([[0.0, len(text)] for text in rows]))


@pytest.fixture
def model(in_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model of each commit, in an empty folder."""
    monkeypatch.setattr(tool, "load_model", lambda rev: Lengths())


def test_the_tool_writes_the_logits_of_each_training_row_by_label(model: None) -> None:
    student = toy_run(["to", "train"], ["tested"])
    folder = teach(toy_run(["c"], ["d"]), student, "one", "")
    table = pd.read_parquet(folder / "one.parquet").set_index("id")
    assert table[LABELS].to_dict("index") == {"r0": {"a": 2.0, "b": 0.0}, "r1": {"a": 5.0, "b": 0.0}}
    assert list(table["text"]) == [text_key("to"), text_key("train")]


def test_what_the_tool_writes_passes_the_stage_until_the_test_rows_change(model: None) -> None:
    teach(toy_run(["c"], ["d"]), toy_run(["zero", "hello", "bye"], ["d", "e"]), "one", "")
    write_stage_inputs(Path(), TESTED)
    stage.main()
    write_stage_inputs(Path(), [*TESTED, "r5"])
    with pytest.raises(InputError, match="other test rows"):
        stage.main()


def test_a_run_that_has_learned_a_test_text_is_no_teacher() -> None:
    student = toy_run(["a", "b"], ["Where is it", "d"])
    check_no_leak(toy_run(["a", "b", "c"], ["d"]), student)
    with pytest.raises(InputError, match="old has learned from 1 test rows, such as r2; take a run with the same"):
        check_no_leak(toy_run(["a", "where  is IT"], ["d"]), student)


def test_a_run_whose_epoch_was_chosen_by_a_test_text_is_no_teacher() -> None:
    student = toy_run(["a", "b"], ["where is it", "d"])
    with pytest.raises(InputError, match="old has learned from 1 test rows, such as r2"):
        check_no_leak(toy_run(["a"], ["d"], validation=("where is it",)), student)


def test_other_labels_the_workspace_and_a_path_for_a_name_are_refused(tmp_path: Path) -> None:
    run = toy_run(["a"], ["b"])
    with pytest.raises(InputError, match=r"'\.\./x' is not a name for a file"):
        teach(run, run, "../x", "")
    other = toy_run(["a"], ["b"], labels=["a", "c"])
    with pytest.raises(InputError, match="old has other labels, such as 'b'"):
        teach(other, run, "x", "")
    run.revision.sha = None
    with pytest.raises(InputError, match="the workspace can't be a teacher"):
        teach(run, other, "x", "")
