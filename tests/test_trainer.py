"""Fitting: the loss, the best epoch, early stopping, and resuming, on a tiny model."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from tests.toys import params, task
from textclf.errors import InputError
from textclf.methods import full
from textclf.training import determinism, trainer
from textclf.training.task import Trained
from textclf.training.trainer import GrowingCurve


class Killed(Exception):
    """Stands for a kill."""


def kill_in_epoch(number: int, run: Callable[[], object]) -> None:
    """Call `run` and end it while the checkpoint of epoch `number` is written: it is not yet marked as whole."""
    mark = trainer.MarkComplete.on_save

    def die(self: trainer.MarkComplete, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.epoch >= number:
            raise Killed
        mark(self, args, state, control)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):  # noqa: PT012
        patch.setattr(trainer.MarkComplete, "on_save", die)
        run()


def trained(checkpoint: Path, folder: Path, **changes: Any) -> Trained:
    return full.train(task(checkpoint, folder, **changes))


def test_the_weights_are_those_of_the_best_epoch(tiny: Callable[[str], Path], tmp_path: Path) -> None:
    found = trained(tiny("bert"), tmp_path, selection_metric="log_loss", epochs=5, lr=3e-2)
    kept = [epoch for epoch in found.curve if epoch["kept"]]
    assert len(kept) == 1
    assert kept[0]["validation_log_loss"] == min(epoch["validation_log_loss"] for epoch in found.curve)


def test_early_stopping_stops(tiny: Callable[[str], Path], tmp_path: Path) -> None:
    assert len(trained(tiny("bert"), tmp_path, early_stopping=1, epochs=40, lr=1.0).curve) < 40


def test_a_run_that_resumes_ends_with_the_same_weights(tiny: Callable[[str], Path], tmp_path: Path) -> None:
    whole = trained(tiny("bert"), tmp_path / "whole")
    kill_in_epoch(2, lambda: trained(tiny("bert"), tmp_path / "cut"))
    again = trained(tiny("bert"), tmp_path / "cut")
    whole.classifier.save(tmp_path / "a")
    again.classifier.save(tmp_path / "b")
    assert again.curve == whole.curve
    assert (tmp_path / "a/model.safetensors").read_bytes() == (tmp_path / "b/model.safetensors").read_bytes()


@pytest.mark.parametrize("epoch", [2, 4])
def test_early_stopping_stops_a_resumed_run_after_the_same_epoch(
    tiny: Callable[[str], Path], tmp_path: Path, epoch: int
) -> None:
    """Killed while an epoch is written, and after the last one, when nothing is left but to stop."""
    changes: dict[str, Any] = {"early_stopping": 3, "epochs": 12, "lr": 3e-2, "selection_metric": "log_loss"}
    whole = trained(tiny("bert"), tmp_path / "whole", **changes)
    assert len(whole.curve) == 4
    kill_in_epoch(epoch, lambda: trained(tiny("bert"), tmp_path / "cut", **changes))
    again = trained(tiny("bert"), tmp_path / "cut", **changes)
    assert again.curve == whole.curve
    assert trained(tiny("bert"), tmp_path / "cut", **changes).curve == whole.curve, "from its last checkpoint"


def test_a_best_epoch_that_another_process_removed_is_an_error(
    tiny: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def remove(self: trainer.MarkComplete, args: Any, state: Any, control: Any, **_: Any) -> None:
        shutil.rmtree(state.best_model_checkpoint)

    monkeypatch.setattr(trainer.MarkComplete, "on_save", remove)
    with pytest.raises(InputError, match=r"checkpoint-\d+ was removed while the stage was running; run it again"):
        trained(tiny("bert"), tmp_path, epochs=1)


def test_frozen_embeddings_stay(tiny: Callable[[str], Path], tmp_path: Path) -> None:
    found = trained(tiny("bert"), tmp_path, epochs=1, full={"freeze_embeddings": True})
    found.classifier.save(tmp_path)
    name = "embeddings.word_embeddings.weight"
    before, after = load_file(tiny("bert") / "model.safetensors"), load_file(tmp_path / "model.safetensors")
    assert torch.equal(after[f"bert.{name}"], before[name])
    assert not torch.equal(
        after["bert.encoder.layer.0.output.dense.weight"], before["encoder.layer.0.output.dense.weight"]
    )


def test_the_head_has_its_own_lr_and_only_matrices_decay(tiny: Callable[[str], Path]) -> None:
    from transformers import AutoModelForSequenceClassification

    model = AutoModelForSequenceClassification.from_pretrained(tiny("bert"), num_labels=3)
    groups = trainer.adamw(full.learning_rates(model, params()), weight_decay=0.01).param_groups
    assert sum(len(group["params"]) for group in groups) == len(list(model.parameters()))
    weight = next(group for group in groups if any(p is model.classifier.weight for p in group["params"]))
    bias = next(group for group in groups if any(p is model.classifier.bias for p in group["params"]))
    assert (weight["lr"], weight["weight_decay"]) == (pytest.approx(0.015), 0.01)
    assert (bias["lr"], bias["weight_decay"]) == (pytest.approx(0.015), 0.0)


def test_the_loss_has_the_label_smoothing_and_the_class_weights() -> None:
    train = np.array([0, 0, 0, 1])
    logits, labels = torch.tensor([[2.0, 0.0], [2.0, 0.0]]), torch.tensor([0, 1])
    loss = trainer.loss_function(train, params(label_smoothing=0.0, class_weights="balanced"))
    right, wrong = np.log1p(np.exp(-2)), np.log1p(np.exp(2))
    weights = 4 / (2 * 3), 4 / (2 * 1)
    expected = (weights[0] * right + weights[1] * wrong) / sum(weights)
    assert float(loss({"logits": logits}, labels)) == pytest.approx(expected)
    smoothed = trainer.loss_function(train, params(label_smoothing=0.2))
    expected = (0.9 * right + 0.1 * wrong + 0.9 * wrong + 0.1 * right) / 2
    assert float(smoothed({"logits": logits}, labels)) == pytest.approx(expected)


def test_bf16_is_used_where_it_is_native_and_refused_where_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    for native in (True, False):
        monkeypatch.setattr(determinism, "has_native_bf16", lambda native=native: native)
        assert determinism.resolve_precision("auto") == ("bf16" if native else "fp32")
        assert determinism.resolve_precision("fp32") == "fp32"
    with pytest.raises(InputError, match="precision = 'bf16': this processor has no native bf16; use auto or fp32"):
        determinism.resolve_precision("bf16")


def test_the_learning_curve_grows_epoch_by_epoch(
    tiny: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    toy = task(tiny("bert"), tmp_path, method="full", epochs=3)
    toy = replace(toy, curve_file=tmp_path / "curve.csv")
    whole = GrowingCurve.on_save

    def watched(self: GrowingCurve, *arguments: Any, **more: Any) -> None:
        whole(self, *arguments, **more)
        seen.append(len(self.file.read_text().splitlines()) - 1)

    monkeypatch.setattr(GrowingCurve, "on_save", watched)
    found = full.train(toy)
    assert seen == [1, 2, 3]
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "curve.csv"), pd.DataFrame(found.curve), check_dtype=False)
