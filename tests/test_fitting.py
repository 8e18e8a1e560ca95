"""Fitting: the loss, the best epoch, early stopping, and resuming, on a tiny model."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from stages.lib import classifiers, fitting, precision
from stages.lib.errors import InputError
from stages.lib.params import Params, read_params
from stages.lib.rows import Rows
from stages.methods import full
from tests.conftest import ROOT
from tests.test_heads import rows

LABELS = ["a", "b", "c"]


def params(**changes: Any) -> Params:
    values = {"epochs": 3, "lr": 3e-3, "batch_size": 8, "precision": "fp32"} | changes
    return read_params(ROOT / "params.yaml").model_copy(update=values)


def trained(checkpoint: Path, scratch: Path, **changes: Any) -> classifiers.Trained:
    torch.manual_seed(0)
    return full.train(checkpoint, LABELS, rows(3, 90), rows(3, 30), params(**changes), scratch)


@pytest.fixture(autouse=True)
def same_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.test_heads.RANDOM", np.random.default_rng(0))


@pytest.mark.parametrize("architecture", ["bert", "distilbert"])
def test_it_learns_and_what_is_saved_predicts_the_same(
    tiny: Callable[[str], Path], tmp_path: Path, architecture: str
) -> None:
    found = trained(tiny(architecture), tmp_path / "scratch", epochs=6)
    validation = rows(3, 30)
    before = classifiers.predict_proba(found.model, validation.input_ids, 8, "test")
    assert (before.argmax(axis=1) == validation.labels).mean() > 0.5
    classifiers.save(found, tmp_path / "saved")
    after = classifiers.predict_proba(classifiers.load(tmp_path / "saved"), validation.input_ids, 8, "test")
    np.testing.assert_array_equal(before, after)
    assert json.loads((tmp_path / "saved/config.json").read_text())["id2label"] == {"0": "a", "1": "b", "2": "c"}


def test_the_weights_are_those_of_the_best_epoch(tiny: Callable[[str], Path], tmp_path: Path) -> None:
    found = trained(tiny("bert"), tmp_path, selection_metric="log_loss", epochs=5, lr=3e-2)
    kept = [epoch for epoch in found.curve if epoch["kept"]]
    assert len(kept) == 1
    assert kept[0]["validation_log_loss"] == min(epoch["validation_log_loss"] for epoch in found.curve)


def test_early_stopping_stops(tiny: Callable[[str], Path], tmp_path: Path) -> None:
    assert len(trained(tiny("bert"), tmp_path, early_stopping=1, epochs=40, lr=1.0).curve) < 40


def test_a_run_that_resumes_ends_with_the_same_weights(tiny: Callable[[str], Path], tmp_path: Path) -> None:
    whole = trained(tiny("bert"), tmp_path / "whole")
    classifiers.save(whole, tmp_path / "a")

    class Killed(Exception):
        pass

    def die(self: object, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.epoch >= 2:  # its checkpoint is being written: not yet marked as whole
            raise Killed
        mark(self, args, state, control)

    mark = fitting.MarkComplete.on_save
    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):  # noqa: PT012
        patch.setattr(fitting.MarkComplete, "on_save", die)
        patch.setattr("tests.test_heads.RANDOM", np.random.default_rng(0))
        trained(tiny("bert"), tmp_path / "cut")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.test_heads.RANDOM", np.random.default_rng(0))
        again = trained(tiny("bert"), tmp_path / "cut")
    classifiers.save(again, tmp_path / "b")
    assert again.curve == whole.curve
    assert (tmp_path / "a/model.safetensors").read_bytes() == (tmp_path / "b/model.safetensors").read_bytes()


def test_frozen_embeddings_stay(tiny: Callable[[str], Path], tmp_path: Path) -> None:
    changes = {"full": params().full.model_copy(update={"freeze_embeddings": True})}
    found = trained(tiny("bert"), tmp_path, epochs=1, **changes)
    name = "embeddings.word_embeddings.weight"
    before = load_file(tiny("bert") / "model.safetensors")[name]
    assert torch.equal(found.model.state_dict()[f"bert.{name}"], before)


def test_the_head_has_its_own_lr_and_only_matrices_decay(tiny: Callable[[str], Path]) -> None:
    from transformers import AutoModelForSequenceClassification

    model = AutoModelForSequenceClassification.from_pretrained(tiny("bert"), num_labels=3)
    groups = full.optimizer(model, params()).param_groups
    assert sum(len(group["params"]) for group in groups) == len(list(model.parameters()))
    weight = next(group for group in groups if any(p is model.classifier.weight for p in group["params"]))
    bias = next(group for group in groups if any(p is model.classifier.bias for p in group["params"]))
    assert (weight["lr"], weight["weight_decay"]) == (pytest.approx(0.015), 0.01)
    assert (bias["lr"], bias["weight_decay"]) == (pytest.approx(0.015), 0.0)


def test_the_loss_has_the_label_smoothing_and_the_class_weights() -> None:
    train = Rows([], [], np.array([0, 0, 0, 1]))
    logits, labels = torch.tensor([[2.0, 0.0], [2.0, 0.0]]), torch.tensor([0, 1])
    loss = fitting.loss_function(train, params(label_smoothing=0.0, class_weights="balanced"))
    right, wrong = np.log1p(np.exp(-2)), np.log1p(np.exp(2))
    weights = 4 / (2 * 3), 4 / (2 * 1)
    expected = (weights[0] * right + weights[1] * wrong) / sum(weights)
    assert float(loss({"logits": logits}, labels)) == pytest.approx(expected)
    smoothed = fitting.loss_function(train, params(label_smoothing=0.2))
    expected = (0.9 * right + 0.1 * wrong + 0.9 * wrong + 0.1 * right) / 2
    assert float(smoothed({"logits": logits}, labels)) == pytest.approx(expected)


def test_bf16_is_used_where_it_is_native_and_refused_where_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    for native in (True, False):
        monkeypatch.setattr(precision, "has_native_bf16", lambda native=native: native)
        assert precision.use_bf16("auto") is native
        assert precision.use_bf16("fp32") is False
    with pytest.raises(InputError, match="precision = 'bf16': this processor has no native bf16; use auto or fp32"):
        precision.use_bf16("bf16")
