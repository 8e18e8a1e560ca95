"""Few labels: what is drawn, what is fixed instead of chosen, what names of labels do, and what is advised."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import pandas as pd
import pytest

from stages.check import check_trainable
from stages.download import label_order
from stages.evaluate import headline
from stages.split import split_rows
from tests.conftest import ROOT
from tests.own_data import PARAMS, make_project, run_stage
from tests.toys import LABELS, TEXTS, params, task
from textclf.data.label_texts import label_texts
from textclf.data.source_spec import Source
from textclf.encoders.frozen import Frozen
from textclf.encoders.pretrained import load_body
from textclf.errors import InputError
from textclf.methods import baseline, features, full, zero_shot
from textclf.oos import rule
from textclf.params import check_params, read_params
from textclf.predictions import Predictions, read_predictions, write_predictions
from textclf.rows import Rows
from textclf.training.advice import BEST, advise
from textclf.training.few_rows import rows_each
from textclf.training.label_vectors import label_vectors
from textclf.training.selection import select_C
from textclf.training.task import Task
from tools.few_labels import measure, page
from tools.few_labels.arms import ARMS, DataSet

COLUMNS = ["id", "text", "label", "split"]


def rows(**sizes: int) -> pd.DataFrame:
    """So many training rows of each label, and a test row of each."""
    counts = [
        (label, split, number) for label, size in sizes.items() for split, number in (("train", size), ("test", 1))
    ]
    table = [(f"{label} {split} {n}", label, split) for label, split, number in counts for n in range(number)]
    found = pd.DataFrame(table, columns=COLUMNS[1:])
    return found.assign(id=found["text"])[COLUMNS]


def split(table: pd.DataFrame, **changes: Any) -> dict[str, pd.DataFrame]:
    settings = read_params(ROOT / "params.yaml").split.model_copy(update=changes)
    return split_rows(table, table.iloc[:0], settings)[0]


def test_each_label_gets_the_same_number_of_rows_and_a_rare_one_all_of_its_own() -> None:
    parts = split(rows(a=40, b=20, c=4), rows_per_label=5, validation_fraction=0.1)
    assert parts["train"]["label"].value_counts().to_dict() == {"a": 5, "b": 5, "c": 3}
    assert len(parts["test"]) == 3
    assert parts["validation"].equals(split(rows(a=40, b=20, c=4), validation_fraction=0.1)["validation"])


def test_fewer_rows_are_a_part_of_more_and_another_seed_draws_others() -> None:
    drawn = {number: set(split(rows(a=40, b=40), rows_per_label=number)["train"]["id"]) for number in (1, 5, 10)}
    assert drawn[1] < drawn[5] < drawn[10]
    assert drawn[5] != set(split(rows(a=40, b=40), rows_per_label=5, seed=1)["train"]["id"])


def test_two_limits_of_the_training_rows_are_refused() -> None:
    values = read_params(ROOT / "params.yaml").model_dump()
    values["split"] |= {"rows_per_label": 5, "train_limit": 100}
    with pytest.raises(InputError, match=r"split\.rows_per_label and split\.train_limit both limit the training rows"):
        check_params(values)


def few(toy: Task, each: int) -> Task:
    """The task with so many training rows of each label."""
    places = [np.flatnonzero(toy.train.labels == label)[:each] for label in range(len(toy.labels))]
    return replace(toy, train=toy.train.take(np.concatenate(places).tolist()))


@pytest.mark.parametrize("method", [features, baseline])
def test_with_few_rows_c_is_fixed_and_validation_rows_change_nothing(
    tiny: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], method: Any
) -> None:
    toy = few(task(tiny("bert"), tmp_path, method=method.__name__.split(".")[-1], baseline={"min_df": 1}), 5)
    one = method.train(toy)
    other = method.train(replace(toy, validation=toy.validation.take([3, 1, 2])))
    assert len(one.curve) == 1
    assert "5 training rows a label: C = " in capsys.readouterr().err
    asked = toy.validation
    found = [trained.classifier.predict(asked, 8, "").logits for trained in (one, other)]
    np.testing.assert_array_equal(*found)


def test_further_texts_and_copies_make_few_rows_no_more(tiny: Callable[[str], Path], tmp_path: Path) -> None:
    toy = few(task(tiny("bert"), tmp_path), 8)
    further = replace(toy.train, ids=[f"of {row}" for row in toy.train.ids])
    parents = dict(zip(further.ids, toy.train.ids, strict=True))
    more = replace(toy, train=toy.train.join(further).join(further).join(toy.train), parents=parents)
    assert rows_each(toy) == rows_each(more) == 8


def test_rows_out_of_scope_make_few_rows_no_more(tiny: Callable[[str], Path], tmp_path: Path) -> None:
    toy = few(task(tiny("bert"), tmp_path), 8)
    others = replace(task(tiny("bert"), tmp_path).train, labels=np.full(90, len(toy.labels)))
    more = replace(toy, labels=[*toy.labels, "out_of_scope"], train=toy.train.join(others))
    assert rows_each(more) == 8


def test_a_c_that_was_chosen_by_the_user_stays(tiny: Callable[[str], Path], tmp_path: Path) -> None:
    toy = few(task(tiny("bert"), tmp_path, method="features", features={"C": 7.0}), 5)
    assert [row["C"] for row in features.train(toy).curve] == [7.0]


def test_with_few_rows_the_last_epoch_is_kept_whatever_validation_says(
    tiny: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changes = {"selection_metric": "log_loss", "early_stopping": 1, "epochs": 4, "lr": 1.0}
    found = full.train(few(task(tiny("bert"), tmp_path, **changes), 5))
    assert [row["kept"] for row in found.curve] == [0, 0, 0, 1]
    assert "5 training rows a label: epochs = 4 is fixed, and validation rows choose nothing" in capsys.readouterr().err


def test_a_run_of_few_rows_that_resumes_ends_with_the_same_weights(tiny: Callable[[str], Path], tmp_path: Path) -> None:
    from tests.test_trainer import kill_in_epoch

    toy = few(task(tiny("bert"), tmp_path, ema=0.9), 5)
    whole: Any = full.train(replace(toy, resume_dir=tmp_path / "whole"))
    kill_in_epoch(2, lambda: full.train(toy))
    again: Any = full.train(toy)
    assert again.curve == whole.curve
    ours, theirs = (trained.classifier.model.state_dict() for trained in (again, whole))
    assert all(ours[name].equal(theirs[name]) for name in theirs)


def test_the_nearest_label_is_the_one_whose_text_was_read(tiny: Callable[[str], Path], tmp_path: Path) -> None:
    """A text that is a label's own description is answered with that label, however many labels there are."""
    for labels in (LABELS, LABELS[:2]):
        toy = replace(task(tiny("bert"), tmp_path, method="zero_shot"), labels=labels)
        toy = replace(toy, validation=toy.validation.take(np.flatnonzero(toy.validation.labels < len(labels)).tolist()))
        classifier = zero_shot.train(toy).classifier
        found = classifier.predict(classifier.rows([TEXTS[label] for label in labels]), 8, "")
        assert found.logits.argmax(axis=1).tolist() == list(range(len(labels)))
        assert found.logits.shape == (len(labels), len(labels))


def test_zero_shot_needs_neither_training_nor_validation_rows(tiny: Callable[[str], Path], tmp_path: Path) -> None:
    toy = task(tiny("bert"), tmp_path, method="zero_shot")
    nothing = toy.train.take([])
    bare = zero_shot.train(replace(toy, train=nothing, validation=nothing))
    whole = zero_shot.train(toy)
    ours, theirs = (trained.classifier.predict(toy.validation, 8, "").logits for trained in (bare, whole))
    np.testing.assert_array_equal(ours, theirs)
    assert list(bare.curve[0]) == list(whole.curve[0])


def test_a_label_without_a_word_is_refused(tiny: Callable[[str], Path], tmp_path: Path) -> None:
    toy = task(tiny("bert"), tmp_path, method="zero_shot")
    toy = replace(toy, label_texts=label_texts(LABELS, {}) | {"b": "1"})
    with pytest.raises(InputError, match="label 'b' has no word that says what it means; add descriptions"):
        zero_shot.train(toy)


@pytest.mark.parametrize(
    ("labels", "descriptions", "message"),
    [
        (["C#", "C++", "Go"], {}, r"labels 'C#' and 'C\+\+' read the same to the checkpoint \('C' and 'C'\)"),
        (["C++", "Go", "c"], {}, r"labels 'C\+\+' and 'c' read the same to the checkpoint \('C' and 'c'\)"),
        (["a", "b", "c"], {"b": "wants help", "c": "Wants  help"}, "labels 'b' and 'c' read the same to the checkp"),
        (["cafe", "café", "go"], {}, "labels 'cafe' and 'café' read the same"),  # without accents here
        (["a", "b", "c"], {"b": "x " * 80 + "y", "c": "x " * 80 + "z"}, "'b' and 'c' read .* at max_length = 64 "),
    ],
)
@pytest.mark.parametrize("method", ["zero_shot", "features"])
def test_labels_that_read_the_same_are_refused(
    method: str,
    labels: list[str],
    descriptions: dict[str, str],
    message: str,
    tiny: Callable[[str], Path],
    tmp_path: Path,
) -> None:
    toy = task(tiny("bert"), tmp_path, method=method, features={"prior": "label_names"})
    toy = replace(toy, labels=labels, label_texts=label_texts(labels, descriptions))
    train = zero_shot.train if method == "zero_shot" else features.train
    with pytest.raises(InputError, match=message) as error:
        train(toy)
    assert str(error.value).endswith("; give them different descriptions in the spec in data/sources")


def test_labels_that_read_the_same_are_fine_where_nothing_reads_them(
    tiny: Callable[[str], Path], tmp_path: Path
) -> None:
    toy = task(tiny("bert"), tmp_path, method="features")
    features.train(replace(toy, label_texts=dict.fromkeys(LABELS, "the same")))


def test_out_of_scope_labels_have_no_text(tiny: Callable[[str], Path], tmp_path: Path) -> None:
    toy = replace(task(tiny("bert"), tmp_path), labels=["a", "b", "out_of_scope:chat"])
    body = load_body(toy.folder)
    vectors, numbers = label_vectors(toy, Frozen(body, "fp32", tmp_path), "mean")
    assert numbers.tolist() == [0, 1]
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0)


def test_names_of_labels_decide_where_rows_say_nothing(tiny: Callable[[str], Path], tmp_path: Path) -> None:
    toy = few(task(tiny("bert"), tmp_path, method="features", features={"prior": "label_names"}), 1)
    classifier = features.train(toy).classifier
    found = classifier.predict(classifier.rows([TEXTS[label] for label in LABELS]), 8, "").logits
    assert found.argmax(axis=1).tolist() == [0, 1, 2]


def test_a_label_is_read_by_its_description_or_its_words() -> None:
    assert label_texts(["late_parcel", "x"], {"x": "asks for a refund"}) == {
        "late_parcel": "late parcel",
        "x": "asks for a refund",
    }


def spec(**more: Any) -> Source:
    return Source.model_validate({"files": {"test": "data/corpora/t.csv"}, "text": "text", "label": "label"} | more)


def test_without_training_rows_the_labels_are_those_of_the_test_rows_and_the_spec() -> None:
    table = rows(b=0, a=0)
    assert label_order(table, spec()) == ["a", "b"]
    assert label_order(table, spec(descriptions={"c": "something else"})) == ["a", "b", "c"]
    assert label_order(table, spec(label_names=["b", "a"])) == ["b", "a"]
    assert {name: len(part) for name, part in split(table).items()} == {"train": 0, "validation": 0, "test": 2}


def test_a_description_of_no_label_is_refused() -> None:
    with pytest.raises(InputError, match="descriptions name 'refnud', which is no label of the rows; did you mean 're"):
        label_order(rows(refund=2, track=2), spec(descriptions={"refnud": "x"}))
    with pytest.raises(InputError, match=r"descriptions name 'other', which is no label of the rows$"):
        label_order(rows(refund=2, track=2), spec(descriptions={"other": "x"}))


@pytest.mark.parametrize("key", [" C++ ", "C++\u200b", "c++", "c\u200b++"])
def test_a_description_whose_label_looks_like_one_of_the_test_rows_makes_no_label(key: str) -> None:
    table = pd.DataFrame({"text": ["x", "y"], "label": ["C++", "Go"], "split": "test"})
    with pytest.raises(InputError) as error:
        label_order(table, spec(descriptions={key: "a language"}))
    message = f"the spec's descriptions name {key!a}, which is no label of the rows; did you mean 'C++'?"
    assert str(error.value) == message


def test_of_two_descriptions_whose_labels_look_the_same_one_is_named() -> None:
    with pytest.raises(InputError, match="descriptions name 'new', which is no label of the rows; did you mean 'New'"):
        label_order(rows(b=0, a=0), spec(descriptions={"New": "one", "new": "two"}))


def test_labels_of_test_rows_that_differ_in_case_can_both_be_described() -> None:
    table = pd.DataFrame({"text": ["x", "y"], "label": ["us", "US"], "split": "test"})
    assert label_order(table, spec(descriptions={"us": "we", "US": "a country"})) == ["US", "us"]


def test_a_label_that_descriptions_add_has_the_form_of_a_label() -> None:
    for key, message in (
        (" new ", "blanks around it"),
        ("a\nb", "holds a control character"),
        ("\u200b", "no visible character"),
    ):
        with pytest.raises(InputError, match=message):
            label_order(rows(b=0, a=0), spec(descriptions={key: "x"}))


def test_other_methods_need_training_rows() -> None:
    check_trainable(spec(), params(method="zero_shot"))
    with pytest.raises(InputError, match="method = 'full': shop_support has no training rows; zero_shot needs none"):
        check_trainable(spec(), params(method="full"))


def test_zero_shot_learns_no_label_for_out_of_scope_rows() -> None:
    with pytest.raises(InputError, match=r"oos\.method = 'class' learns from rows, and method zero_shot doesn't"):
        params(method="zero_shot", oos={"method": "class"})


def test_no_rows_are_predictions_too_and_score_nothing(tmp_path: Path) -> None:
    write_predictions(Predictions([], [], np.empty((0, 0)), None), tmp_path / "none.parquet")
    found = read_predictions(tmp_path / "none.parquet")
    assert (found.ids, found.vectors, len(found.logits)) == ([], None, 0)
    assert headline(np.array([], dtype=np.int64), np.empty((0, 1)), 15) == {"rows": 0}


def test_a_threshold_and_a_temperature_need_validation_rows(in_tmp: Path) -> None:
    nothing = Predictions([], [], np.empty((0, 1)), None)
    oos = params(oos={"method": "threshold"}).oos
    with pytest.raises(
        InputError, match=r"oos\.method = 'threshold' needs validation rows for its threshold; use none"
    ):
        rule.fit(oos, ["a", "b"], nothing, nothing)
    project = make_project(in_tmp)
    (project / "params.yaml").write_text(PARAMS.replace("calibration: none", "calibration: temperature"))
    write_predictions(nothing, project / "data/predicted/validation.parquet")
    assert "calibration = 'temperature' needs validation rows" in run_stage("calibrate", project).stderr


def test_test_rows_alone_are_downloaded_and_split_with_texts_for_their_labels(in_tmp: Path) -> None:
    project = make_project(in_tmp)
    (project / "data/corpora").mkdir()
    (project / "data/corpora/t.csv").write_text("text,label\nwhere is it,late_parcel\nmoney back,x\n")
    (project / "data/sources/mine.yaml").write_text(
        "files:\n  test: data/corpora/t.csv\ntext: text\nlabel: label\ndescriptions:\n  x: asks for a refund\n"
    )
    assert "method = 'full': mine has no training rows; zero_shot needs none" in run_stage("check", project).stderr
    (project / "params.yaml").write_text(PARAMS.replace("method: full", "method: zero_shot"))
    for stage in ("check", "download", "split"):
        done = run_stage(stage, project)
        assert done.returncode == 0, done.stderr
    texts = json.loads((project / "data/raw/label_texts.json").read_text())
    assert texts == {"late_parcel": "late parcel", "x": "asks for a refund"}
    assert (project / "data/splits/train.csv").read_text() == "id,label\n"


def test_out_of_scope_rows_are_no_label(in_tmp: Path, pretrained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "locate", lambda checkpoint: pretrained)
    project = make_project(in_tmp)
    (project / "data/corpora").mkdir()
    rows = ["a b,x,train", "c,y,train", "d,out,train", "e,x,test", "f,out,test"]
    (project / "data/corpora/t.csv").write_text("\n".join(["text,label,split", *rows]))
    (project / "data/sources/mine.yaml").write_text(
        "files:\n  all: data/corpora/t.csv\ntext: text\nlabel: label\nsplit: split\nout_of_scope: {label: out}\n"
    )
    found = measure.read_data("mine")
    assert found.labels == ["x", "y"]
    assert (len(found.train.ids), len(found.test.ids)) == (2, 1)


def test_advice_is_printed_where_another_method_was_better(capsys: pytest.CaptureFixture[str]) -> None:
    advise(params(method="full"), 5)
    advised = capsys.readouterr().err
    assert advised.startswith("5 training rows a label: method: features with features.prior: label_names was best")
    advise(params(method="features", features={"prior": "label_names"}), 5)
    advise(params(method="zero_shot"), 0)
    assert capsys.readouterr().err == ""


def test_the_advice_is_what_the_measurements_say() -> None:
    results = json.loads((ROOT / "results/few-labels.json").read_text())
    assert BEST in ARMS

    def average(arm: str, number: int) -> float:
        own = [one for one in results if (one["arm"], one["rows"]) == (arm, number)]
        sets = {one["dataset"] for one in own}
        assert sets == {"banking77", "massive_en_us", "emotion"}, (arm, number)
        return float(mean(mean(one["accuracy"] for one in own if one["dataset"] == name) for name in sets))

    for number in (1, 5, 10):
        assert all(average(BEST, number) > average(arm, number) for arm in ("features", "baseline"))
        assert average(BEST, number) > average("zero_shot", 0)


def test_draws_are_measured_and_what_is_recorded_is_not_measured_again(
    tiny: Callable[[str], Path], in_tmp: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project = make_project(in_tmp)
    (project / "data/corpora").mkdir()
    texts = [(f"{text} {n}", label, "train" if n else "test") for n in range(6) for label, text in TEXTS.items()]
    pd.DataFrame(texts, columns=["text", "label", "split"]).to_csv(project / "data/corpora/all.csv", index=False)
    (project / "data/sources/mine.yaml").write_text(
        "files:\n  all: data/corpora/all.csv\ntext: text\nlabel: label\nsplit: split\n"
    )
    monkeypatch.setattr(measure, "locate", lambda _: tiny("bert"))
    arms = ["baseline", "features, label names", "features, C by validation", "zero_shot"]
    for _ in range(2):
        measure.measure("mine", arms, [1, 2], 2)
    printed = capsys.readouterr().out.splitlines()
    records = measure.read_results()
    # Of one row none is left to choose C by, and zero_shot draws nothing.
    assert len(printed) == len(records) == 4 * 2 + 2 + 1
    assert all(0 <= one["accuracy"] <= 1 and ("cpu_seconds" in one) == (one["draw"] == 0) for one in records)
    (project / "params.yaml").write_text(
        PARAMS.replace("max_features: 100000", "max_features: 7").replace("r: 8", "r: 4")
    )
    measure.measure("mine", arms, [1, 2], 2)
    again = capsys.readouterr().out.splitlines()
    assert len(again) == 4
    assert all("arm baseline" in line for line in again)
    assert len(measure.read_results()) == len(records)
    assert not {one["configuration"] for one in records if one["arm"] == "baseline"} & {
        one["configuration"] for one in measure.read_results()
    }
    (project / "params.yaml").write_text(PARAMS.replace("max_features: 100000", "max_features: 9"))
    measure.measure("mine", ["baseline"], [2], 1)
    cell = [one for one in measure.read_results() if (one["arm"], one["rows"]) == ("baseline", 2)]
    assert [one["draw"] for one in cell] == [0], "draws of other parameters make no mean with it"


def test_a_draw_has_its_own_rows_and_a_smaller_one_a_part_of_them() -> None:
    ids, labels = [f"r{n}" for n in range(80)], np.arange(80) % 2
    rows = Rows(ids, ids, [np.array([n], np.int32) for n in range(80)], labels)
    data = DataSet("d", list(LABELS), {}, rows, rows, None, Path(), Path())  # type: ignore[arg-type]
    drawn = {(number, draw): measure.draw_rows(data, number, draw) for number in (5, 20) for draw in (0, 1)}
    for (number, _), (train, validation) in drawn.items():
        assert np.bincount(train.labels).tolist() == [number, number]
        assert np.bincount(validation.labels).tolist() == [-(-number // 10)] * 2
        assert not set(train.ids) & set(validation.ids)
    assert set(drawn[5, 0][0].ids) < set(drawn[20, 0][0].ids)
    assert set(drawn[5, 0][0].ids) != set(drawn[5, 1][0].ids)


@pytest.mark.parametrize(
    ("strengths", "said"),
    [
        ([0.01, 0.1], "C = 0.1, the largest of the list, was the best: try larger ones\n"),
        ([1e5, 1e6], "C = 100000, the smallest of the list, was the best: try smaller ones\n"),
        ([0.01, 100.0, 1e6], ""),
        ([0.01], ""),
    ],
)
def test_a_best_C_at_the_end_of_its_list_is_said(
    strengths: list[float], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    noise = np.random.default_rng(0)
    labels = noise.integers(0, 2, 400)
    vectors = labels[:, None] + noise.normal(size=(400, 30))
    half = slice(None, 100), slice(100, None)
    train, validation = ((vectors[part], labels[part]) for part in half)
    select_C(train, validation, strengths, params(method="features", selection_metric="log_loss"))
    assert capsys.readouterr().err == said


def test_the_page_has_the_recorded_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert (ROOT / "docs/few-labels.md").read_text() == page.page(), "python -m tools.few_labels --table"
