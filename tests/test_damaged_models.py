"""A model folder with a damaged part: refused in one sentence, whether or not the list of checksums noticed it."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from tests.models import write_model
from tests.toys import LABELS
from textclf import load
from textclf.classifiers.encoder import Encoder
from textclf.errors import InputError
from textclf.inference.files import write_checksums
from textclf.oos.rule import OosRule

WEIGHTS = "model.safetensors"


@pytest.fixture(scope="module")
def whole(tiny: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of an encoder with a rule."""
    names = dict(enumerate(LABELS))
    network = AutoModelForSequenceClassification.from_pretrained(tiny("bert"), num_labels=3, id2label=names)
    encoder = Encoder(network.eval(), AutoTokenizer.from_pretrained(tiny("bert"), model_max_length=16), "fp32")
    known = {"known": np.eye(2, 32, dtype=np.float32)}
    rule = OosRule("threshold", "knn", 1, ["out_of_scope"], known, threshold=0.5)
    return write_model(encoder, tmp_path_factory.mktemp("whole") / "model", oos=rule)


def change(name: str, **values: Any) -> Callable[[Path], None]:
    """Change keys of a JSON file; GONE removes one."""

    def damage(folder: Path) -> None:
        found = json.loads((folder / name).read_text()) | values
        (folder / name).write_text(json.dumps({key: value for key, value in found.items() if value != "GONE"}))

    return damage


def write(name: str, content: bytes) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (folder / name).write_bytes(content)

    return damage


def cut(name: str, size: int) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (folder / name).write_bytes((folder / name).read_bytes()[:size])

    return damage


def remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def without_tensor(name: str, tensor: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        tensors = load_file(folder / name)
        del tensors[tensor]
        save_file(tensors, folder / name, metadata={"format": "pt"})

    return damage


def not_a_number(folder: Path) -> None:
    tensors = load_file(folder / WEIGHTS)
    save_file(tensors | {"classifier.bias": np.full(3, np.nan, dtype=np.float32)}, folder / WEIGHTS, {"format": "pt"})


DAMAGES = {
    "weights empty": write(WEIGHTS, b""),
    "weights cut": cut(WEIGHTS, 1000),
    "weights' end cut": cut(WEIGHTS, 3_000_000),
    "weights no safetensors": write(WEIGHTS, b"PK\x03\x04" * 100),
    "weights missing": remove(WEIGHTS),
    "a tensor missing": without_tensor(WEIGHTS, "bert.encoder.layer.0.output.dense.weight"),
    "the head missing": without_tensor(WEIGHTS, "classifier.weight"),
    "weights nan": not_a_number,
    "config missing": remove("config.json"),
    "config empty": write("config.json", b""),
    "config a list": write("config.json", b"[]"),
    "config of another size": change("config.json", hidden_size=64),
    "config of other labels": change("config.json", id2label={"0": "a", "1": "b"}, label2id={"a": 0, "b": 1}),
    "config without a type": change("config.json", model_type="GONE"),
    "config of an unknown type": change("config.json", model_type="zzz"),
    "tokenizer missing": remove("tokenizer.json"),
    "tokenizer cut": cut("tokenizer.json", 1000),
    "tokenizer not of tokens": write("tokenizer.json", b"{}"),
    "tokenizer's config broken": write("tokenizer_config.json", b"{"),
    "calibration empty": write("calibration.json", b""),
    "calibration without it": write("calibration.json", b"{}"),
    "temperature null": write("calibration.json", b'{"temperature": null}'),
    "temperature 0": write("calibration.json", b'{"temperature": 0}'),
    "temperature nan": write("calibration.json", b'{"temperature": NaN}'),
    "temperature text": write("calibration.json", b'{"temperature": "warm"}'),
    "rule empty": write("oos/oos.json", b""),
    "rule unknown": change("oos/oos.json", method="magic"),
    "rule of another score": change("oos/oos.json", score="guess"),
    "rule without a threshold": change("oos/oos.json", threshold="GONE"),
    "rule's threshold text": change("oos/oos.json", threshold="high"),
    "rule's tensors missing": remove("oos/oos.safetensors"),
    "rule's tensors of others": without_tensor("oos/oos.safetensors", "known"),
    "kind unknown": write("classifier.json", b'{"kind": "magic"}'),
    "kind of another": write("classifier.json", b'{"kind": "features"}'),
    "kind missing": remove("classifier.json"),
}


@pytest.mark.parametrize("noticed", [True, False], ids=["noticed", "unnoticed"])
@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_model_is_one_sentence(whole: Path, tmp_path: Path, name: str, noticed: bool) -> None:
    folder = tmp_path / "model"
    shutil.copytree(whole, folder)
    DAMAGES[name](folder)
    if not noticed:
        write_checksums(folder)
    with pytest.raises(InputError) as error:
        load(folder)
    assert str(folder) in str(error.value)
    assert "\n" not in str(error.value)


def test_code_that_a_config_names_is_not_run(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(whole, folder)
    (folder / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    change("config.json", auto_map={"AutoModelForSequenceClassification": "evil.Evil", "AutoConfig": "evil.C"})(folder)
    write_checksums(folder)
    np.testing.assert_array_equal(load(folder).predict(["hi"]).probabilities, load(whole).predict(["hi"]).probabilities)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("package", ["torch", "transformers"])
def test_a_package_that_is_missing_is_no_damage(whole: Path, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(sys.modules, "textclf.classifiers.full", raising=False)
    monkeypatch.delitem(sys.modules, "textclf.classifiers.encoder", raising=False)
    with pytest.raises(InputError, match=f"needs the Python package {package}, which is not installed: an exported"):
        load(whole)


def test_a_further_file_that_a_library_might_read_is_refused(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(whole, folder)
    (folder / "adapter_config.json").write_text("{}")
    with pytest.raises(InputError, match=r"adapter_config.json is not in checksums.json; remove it or rebuild"):
        load(folder)
