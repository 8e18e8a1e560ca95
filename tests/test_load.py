"""`textclf.load`, the door for programs: the pipeline's model, an export, another revision's, and what is no model."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from tests.conftest import Clone
from tests.models import write_model, write_rules, write_words_model
from tests.toys import LABELS
from textclf import load
from textclf.classifiers.encoder import Encoder
from textclf.errors import InputError
from textclf.inference.files import check_complete, write_checksums
from textclf.oos.rule import OosRule
from tools.export import onnx_graph
from tools.predict.__main__ import main as predict_main

TEXTS = ["aaa please", "bbb", "zzz zzz", "ccc ccc ccc"]


def unsure_above(threshold: float) -> OosRule:
    """A rule by which a message is out of scope if 1 minus its highest probability is above `threshold`."""
    return OosRule("threshold", "probability", 1, ["out_of_scope"], {}, threshold)


@pytest.fixture
def words(tiny: Callable[[str], Path], tmp_path: Path) -> Path:
    """The folder of a model of words."""
    return write_words_model(tiny("bert"), tmp_path)


def test_a_folder_is_loaded_by_its_name_or_path(words: Path) -> None:
    answers = load(str(words)).predict(TEXTS)
    assert answers.labels == LABELS
    assert answers.predicted == answers.intents
    assert [answers.predicted[number] for number in (0, 1, 3)] == ["a", "b", "c"]
    assert answers.scores is None
    assert answers.probabilities.shape == (4, 3)
    np.testing.assert_allclose(answers.probabilities.sum(axis=1), 1)
    np.testing.assert_array_equal(load(words).predict(TEXTS).probabilities, answers.probabilities)


def test_a_models_place_plays_no_part(words: Path, tmp_path: Path) -> None:
    shutil.copytree(words, tmp_path / "elsewhere")
    before, after = load(words), load(tmp_path / "elsewhere")
    assert after.checksum == before.checksum
    np.testing.assert_array_equal(after.predict(TEXTS).probabilities, before.predict(TEXTS).probabilities)


def test_the_temperature_is_applied_before_the_softmax(words: Path) -> None:
    plain = load(words)
    logits = plain.classifier.predict(plain.classifier.rows(TEXTS), 8, "").logits
    write_rules(words, 2.0, None)
    found = load(words).predict(TEXTS)
    odds = np.exp(logits.astype(np.float64) / 2)
    np.testing.assert_allclose(found.probabilities, odds / odds.sum(axis=1, keepdims=True))
    assert found.predicted == plain.predict(TEXTS).predicted
    assert found.probabilities.max() < plain.predict(TEXTS).probabilities.max()


def test_the_rule_decides_what_is_out_of_scope_and_leaves_the_probabilities(words: Path) -> None:
    plain = load(words).predict(TEXTS)
    write_rules(words, 1.0, unsure_above(0.5))
    found = load(words).predict(TEXTS)
    assert found.predicted == ["a", "b", "out_of_scope", "c"]
    assert found.intents == plain.predicted
    np.testing.assert_array_equal(found.probabilities, plain.probabilities)
    assert found.scores is not None
    np.testing.assert_allclose(found.scores, 1 - plain.probabilities.max(axis=1))


@pytest.mark.slow
def test_an_exported_model_gives_the_same_answers(tiny: Callable[[str], Path], tmp_path: Path) -> None:
    names = dict(enumerate(LABELS))
    network = AutoModelForSequenceClassification.from_pretrained(tiny("bert"), num_labels=3, id2label=names)
    encoder = Encoder(network.eval(), AutoTokenizer.from_pretrained(tiny("bert"), model_max_length=16), "fp32")
    original = load(write_model(encoder, tmp_path / "model", temperature=3.0, oos=unsure_above(0.6)))
    onnx_graph.save(encoder, tmp_path / "onnx", int8=False)
    original.copy_rules(tmp_path / "onnx")
    write_checksums(tmp_path / "onnx")
    exported = load(tmp_path / "onnx")
    ours, theirs = (model.predict(TEXTS) for model in (original, exported))
    np.testing.assert_allclose(theirs.probabilities, ours.probabilities, atol=1e-4)
    assert (theirs.labels, theirs.predicted) == (ours.labels, ours.predicted)
    assert (exported.temperature, exported.oos_rule) == (3.0, original.oos_rule)


def test_every_file_of_a_model_is_in_its_list(words: Path) -> None:
    listed = json.loads((words / "checksums.json").read_text())
    files = {path.relative_to(words).as_posix() for path in words.rglob("*") if path.is_file()}
    assert set(listed) == files - {"checksums.json"}
    assert "oos/oos.json" in listed
    check_complete(words)


def delete_list(folder: Path) -> None:
    (folder / "checksums.json").unlink()


def break_list(folder: Path) -> None:
    (folder / "checksums.json").write_text("{")


def write_list_of_names(folder: Path) -> None:
    (folder / "checksums.json").write_text('["baseline.json"]')


def delete_rule(folder: Path) -> None:
    (folder / "oos/oos.json").unlink()


def change_temperature(folder: Path) -> None:
    file = folder / "calibration.json"
    file.write_text(file.read_text().replace("1.0", "1.5"))


def change_a_byte(folder: Path) -> None:
    with (folder / "baseline.safetensors").open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last[0] ^ 1]))


def cut_off(folder: Path) -> None:
    file = folder / "baseline.safetensors"
    file.write_bytes(file.read_bytes()[:100])


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (delete_list, "{} is not a model: it has no checksums.json; dvc repro makes models/classifier, "),
        (shutil.rmtree, "{} is not a model: it has no checksums.json; dvc repro makes models/classifier, "),
        (break_list, "{}/checksums.json is not readable; rebuild the model"),
        (write_list_of_names, "{}/checksums.json is not readable; rebuild the model"),
        (delete_rule, "{} is not complete: oos/oos.json is missing; rebuild the model"),
        (change_temperature, "{}/calibration.json has changed since the model was made; rebuild the model"),
        (change_a_byte, "{}/baseline.safetensors has changed since the model was made; rebuild the model"),
        (cut_off, "{}/baseline.safetensors has changed since the model was made; rebuild the model"),
    ],
)
def test_a_folder_that_is_not_whole_is_one_sentence(words: Path, damage: Callable[[Path], None], message: str) -> None:
    damage(words)
    with pytest.raises(InputError) as error:
        load(words)
    assert str(error.value).startswith(message.format(words))
    assert "\n" not in str(error.value)


def test_more_files_beside_the_models_do_no_harm(words: Path) -> None:
    (words / "README.md").write_text("a card")
    assert load(words).predict(["aaa"]).predicted == ["a"]


def test_the_pipelines_model_is_the_default(trained: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(trained.folder)
    model = load()
    assert model.labels == json.loads(trained.read("data/raw/labels.json"))
    columns, *rows = json.loads(trained.read("metrics/predictions/test.json"))
    assert columns[:4] == ["id", "actual", "predicted", "confidence"]
    texts = pd.read_parquet(trained.folder / "data/raw/rows.parquet").set_index("id")["text"]
    answers = model.predict([texts[row[0]] for row in rows])
    assert answers.predicted == [row[2] for row in rows]
    np.testing.assert_allclose(answers.probabilities.max(axis=1), [row[3] for row in rows], atol=1e-4)


def test_it_says_what_the_tool_prints(trained: Clone, typed: Callable[..., str], tmp_path: Path) -> None:
    strict = tmp_path / "strict"
    shutil.copytree(trained.folder / "models/classifier", strict)
    write_rules(strict, 0.5, unsure_above(0.0))
    printed = typed(predict_main, trained.folder, "refund", "--model", str(strict), "--top", "24").splitlines()
    answers = load(strict).predict(["refund"])
    assert answers.predicted == ["out_of_scope"]
    assert printed[1] == "  out of scope; nearest labels:"
    shares = {line.split()[0]: line.split()[1] for line in printed[2:]}
    assert shares == {
        label: f"{probability:.1%}"
        for label, probability in zip(answers.labels, answers.probabilities[0].tolist(), strict=True)
    }


def test_another_revisions_model_comes_from_dvcs_cache(trained: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(trained.folder)
    here = load()
    there = load(rev="main")
    assert there.checksum == here.checksum
    assert there.folder != here.folder
    np.testing.assert_array_equal(there.predict(TEXTS).probabilities, here.predict(TEXTS).probabilities)
    assert load(rev="main").folder == there.folder, "its copy is kept in the cache"
    with pytest.raises(InputError, match="give elsewhere or the revision main, not both"):
        load("elsewhere", rev="main")
    with pytest.raises(InputError, match="'nowhere' is not a commit, branch, tag or experiment here"):
        load(rev="nowhere")
