"""Fitting: the loss, the best epoch, early stopping, and resuming, on a tiny model."""

import importlib
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
from transformers import TrainerControl, TrainerState, TrainingArguments

from tests.conftest import default_checkpoint
from tests.toys import params, rows, task
from textclf.encoders import frozen, precision
from textclf.encoders.machine import processor_kind
from textclf.errors import InputError
from textclf.methods import full
from textclf.training import callbacks, fine_tuning, trainer
from textclf.training.callbacks import GrowingCurve, RowsDone
from textclf.training.ema import Ema
from textclf.training.loss import loss_function
from textclf.training.task import Trained
from textclf.training.trackers import trackers


class Killed(Exception):
    """Stands for a kill."""


def kill_in_epoch(number: int, run: Callable[[], object]) -> None:
    """Call `run` and end it while the checkpoint of epoch `number` is written: it is not yet marked as whole."""
    mark = callbacks.MarkComplete.on_save

    def die(self: callbacks.MarkComplete, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.epoch >= number:
            raise Killed
        mark(self, args, state, control)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):  # noqa: PT012
        patch.setattr(callbacks.MarkComplete, "on_save", die)
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


@pytest.mark.parametrize("changes", [{}, {"ema": 0.9}, {"ema": 0.9, "full": {"trained_layers": 1}}])
def test_a_run_that_resumes_ends_with_the_same_weights(
    tiny: Callable[[str], Path], tmp_path: Path, changes: dict[str, Any]
) -> None:
    whole = trained(tiny("bert"), tmp_path / "whole", **changes)
    kill_in_epoch(2, lambda: trained(tiny("bert"), tmp_path / "cut", **changes))
    again = trained(tiny("bert"), tmp_path / "cut", **changes)
    whole.classifier.save(tmp_path / "a")
    again.classifier.save(tmp_path / "b")
    assert again.curve == whole.curve
    assert (tmp_path / "a/model.safetensors").read_bytes() == (tmp_path / "b/model.safetensors").read_bytes()


def test_a_run_that_was_killed_after_its_last_epoch_says_nothing_of_resuming(
    tiny: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kill_in_epoch(2, lambda: trained(tiny("bert"), tmp_path / "cut"))
    trained(tiny("bert"), tmp_path / "cut")
    assert "resuming the interrupted run from its checkpoint-" in capsys.readouterr().out
    again = trained(tiny("bert"), tmp_path / "cut")  # all of its epochs are there
    assert len(again.curve) == 3
    assert "resuming" not in capsys.readouterr().out


def test_one_process_uses_one_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def with_four(**options: Any) -> TrainingArguments:
        made = TrainingArguments(**options)
        made._n_gpu = 4
        return made

    monkeypatch.setattr(trainer, "TrainingArguments", with_four)
    found = trainer.arguments(params(), tmp_path, "random")
    assert (found.n_gpu, found.train_batch_size) == (1, 8)


def test_the_average_of_the_weights_is_kept_and_training_goes_on_from_the_last_ones(
    tiny: Callable[[str], Path], tmp_path: Path
) -> None:
    plain, averaged = (trained(tiny("bert"), tmp_path / str(ema), epochs=3, ema=ema) for ema in (None, 0.9))
    losses = [[row["train_loss"] for row in found.curve] for found in (plain, averaged)]
    assert losses[0] == losses[1], "the steps are the same"
    scores = [[row["validation_log_loss"] for row in found.curve] for found in (plain, averaged)]
    assert scores[0] != scores[1], "but what is evaluated is another model"


def test_an_average_of_few_steps_is_the_mean_that_its_formula_gives() -> None:
    weight = torch.nn.Parameter(torch.zeros(1))
    average = Ema(torch.optim.SGD([weight]), decay=0.5)
    args, control = TrainingArguments(), TrainerControl()
    average.on_train_begin(args, TrainerState(), control)
    for step, value in enumerate([1.0, 3.0, 7.0], 1):
        weight.data.fill_(value)
        average.on_step_end(args, TrainerState(global_step=step), control)
    average.on_epoch_end(args, TrainerState(global_step=3), control)
    first = 1 - 2 / 11
    second = first * 3 / 12 + 3 * 9 / 12
    assert weight.item() == pytest.approx(second * 4 / 13 + 7 * 9 / 13)
    average.on_epoch_begin(args, TrainerState(global_step=3), control)
    assert weight.item() == 7.0


@pytest.mark.parametrize("method", ["full", "lora"])
@pytest.mark.parametrize("architecture", ["bert", "distilbert", "roberta", "mpnet"])
def test_upper_layers_train_the_same_with_states_that_are_kept_or_computed_when_needed(
    tiny: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, architecture: str
) -> None:
    module = importlib.import_module(f"textclf.methods.{method}")
    changes: dict[str, Any] = {"method": method, method: {"trained_layers": 1}, "epochs": 2}
    kept = module.train(task(tiny(architecture), tmp_path / "kept", **changes))
    monkeypatch.setattr(frozen, "LIMIT", 0)
    needed = module.train(task(tiny(architecture), tmp_path / "needed", **changes))
    assert kept.curve == needed.curve
    answers = [found.classifier.predict(rows(3, 20, seed=3), 8, "").logits for found in (kept, needed)]
    np.testing.assert_array_equal(*answers)


def test_layers_below_stay_and_those_above_change(tiny: Callable[[str], Path], tmp_path: Path) -> None:
    found = trained(tiny("bert"), tmp_path, epochs=1, full={"trained_layers": 1})
    found.classifier.save(tmp_path)
    before, after = load_file(tiny("bert") / "model.safetensors"), load_file(tmp_path / "model.safetensors")
    changed = {name for name in before if not torch.equal(before[name], after[f"bert.{name}"])}
    assert {name.split(".")[0] for name in changed} == {"encoder", "pooler"}
    assert {name.split(".")[2] for name in changed if name.startswith("encoder")} == {"1"}
    above = sum(value.numel() for name, value in after.items() if "layer.1." in name or "pooler" in name)
    head = sum(value.numel() for name, value in after.items() if name.startswith("classifier"))
    assert found.trainable == above + head


@pytest.mark.parametrize("layers", [2, 6])
def test_as_many_upper_layers_as_there_are_is_an_error(
    tiny: Callable[[str], Path], tmp_path: Path, layers: int
) -> None:
    with pytest.raises(
        InputError, match=f"full.trained_layers = {layers}: the checkpoint's number of layers is 2; allowed: 1 to 1"
    ):
        trained(tiny("bert"), tmp_path, full={"trained_layers": layers})


def test_a_body_that_needs_more_than_states_is_refused(tmp_path: Path) -> None:
    """ELECTRA's small ones widen the embeddings before the first layer."""
    import transformers

    sizes: dict[str, Any] = {"hidden_size": 32, "embedding_size": 16, "num_attention_heads": 2, "intermediate_size": 64}
    config = transformers.ElectraConfig(num_hidden_layers=2, vocab_size=30522, **sizes)
    transformers.ElectraModel(config).save_pretrained(tmp_path / "electra")
    transformers.AutoTokenizer.from_pretrained(default_checkpoint()).save_pretrained(tmp_path / "electra")
    with pytest.raises(InputError, match="layers of a ElectraForSequenceClassification can't start from the states"):
        trained(tmp_path / "electra", tmp_path, full={"trained_layers": 1}, head_init="random")


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
    def remove(self: callbacks.MarkComplete, args: Any, state: Any, control: Any, **_: Any) -> None:
        shutil.rmtree(state.best_model_checkpoint)

    monkeypatch.setattr(callbacks.MarkComplete, "on_save", remove)
    with pytest.raises(InputError, match=r"checkpoint-\d+ was removed while the stage was running; run it again"):
        trained(tiny("bert"), tmp_path, epochs=1)


def test_a_run_that_diverges_says_so_and_leaves_no_checkpoint_that_would_be_resumed(
    tiny: Callable[[str], Path], tmp_path: Path
) -> None:
    for _ in range(2):
        with pytest.raises(InputError, match=r"training diverged: .* lower lr"):
            trained(
                tiny("bert"),
                tmp_path,
                epochs=2,
                lr=1.0,
                head_lr_factor=1000.0,
                max_grad_norm=1e30,
                head_init="random",
                batch_size=1,
                weight_decay=1.0,
            )
        assert not list(tmp_path.rglob("complete"))


def test_frozen_embeddings_stay(tiny: Callable[[str], Path], tmp_path: Path) -> None:
    found = trained(tiny("bert"), tmp_path, epochs=1, full={"trained_layers": "layers"})
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
    groups = trainer.adamw(fine_tuning.learning_rates(model, params()), weight_decay=0.01).param_groups
    assert sum(len(group["params"]) for group in groups) == len(list(model.parameters()))
    weight = next(group for group in groups if any(p is model.classifier.weight for p in group["params"]))
    bias = next(group for group in groups if any(p is model.classifier.bias for p in group["params"]))
    assert (weight["lr"], weight["weight_decay"]) == (pytest.approx(0.015), 0.01)
    assert (bias["lr"], bias["weight_decay"]) == (pytest.approx(0.015), 0.0)


def test_the_loss_has_the_label_smoothing_and_the_class_weights() -> None:
    train = np.array([0, 0, 0, 1])
    logits, labels = torch.tensor([[2.0, 0.0], [2.0, 0.0]]), torch.tensor([0, 1])
    loss = loss_function(train, params(label_smoothing=0.0, class_weights="balanced"))
    right, wrong = np.log1p(np.exp(-2)), np.log1p(np.exp(2))
    weights = 4 / (2 * 3), 4 / (2 * 1)
    expected = (weights[0] * right + weights[1] * wrong) / 2
    assert float(loss({"logits": logits}, labels)) == pytest.approx(expected)
    smoothed = loss_function(train, params(label_smoothing=0.2))
    expected = (0.9 * right + 0.1 * wrong + 0.9 * wrong + 0.1 * right) / 2
    assert float(smoothed({"logits": logits}, labels)) == pytest.approx(expected)


def test_bf16_is_used_where_it_is_native_and_refused_where_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    for native in (True, False):
        monkeypatch.setattr(precision, "has_native_bf16", lambda device, native=native: native)
        assert precision.resolve_precision("auto", "cpu") == ("bf16" if native else "fp32")
        assert precision.resolve_precision("fp32", "cpu") == "fp32"
    with pytest.raises(InputError, match="precision = 'bf16': this processor has no native bf16; use auto or fp32"):
        precision.resolve_precision("bf16", "cpu")


def test_a_gpu_that_device_leaves_out_decides_neither_the_arithmetic_nor_the_kind_of_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with_cpu = precision.resolve_precision("auto", "cpu"), processor_kind("cpu")
    for name, value in {
        "is_available": True,
        "device_count": 1,
        "get_device_name": "NVIDIA X",
        "is_bf16_supported": False,
    }.items():
        monkeypatch.setattr(torch.cuda, name, lambda *args, value=value, **options: value)
    precision.has_native_bf16.cache_clear()
    assert (precision.resolve_precision("auto", "cpu"), processor_kind("cpu")) == with_cpu
    assert precision.resolve_precision("auto", "auto") == "fp32"
    assert processor_kind("auto") == f"{processor_kind('cpu')} NVIDIA-X"
    precision.has_native_bf16.cache_clear()


def test_a_tracker_gets_the_losses_and_changes_nothing(
    tiny: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = trained(tiny("bert"), tmp_path / "plain", epochs=2)
    monkeypatch.setenv("TENSORBOARD_LOGGING_DIR", str(tmp_path / "board"))
    monkeypatch.setenv("TRACKERS", "tensorboard")
    tracked = trained(tiny("bert"), tmp_path / "tracked", epochs=2)
    for found, name in ((plain, "a"), (tracked, "b")):
        found.classifier.save(tmp_path / name)
    assert tracked.curve == plain.curve
    assert (tmp_path / "a/model.safetensors").read_bytes() == (tmp_path / "b/model.safetensors").read_bytes()
    (events,) = (tmp_path / "board").rglob("events*")
    assert b"eval/log_loss" in events.read_bytes()
    assert rows(3, 90, seed=1, noise=4).texts[0].encode() not in events.read_bytes()


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ("tensorbord", "TRACKERS=tensorbord: 'tensorbord' is unknown; allowed: tensorboard, mlflow, wandb"),
        ("tensorboard, wandb", "TRACKERS=tensorboard, wandb: wandb is not installed; pip install wandb"),
    ],
)
def test_a_tracker_that_cannot_be_used_is_an_error(monkeypatch: pytest.MonkeyPatch, named: str, message: str) -> None:
    monkeypatch.setenv("TRACKERS", named)
    with pytest.raises(InputError) as error:
        trackers("run")
    assert str(error.value) == message


def test_attention_without_dropout_trains_by_plain_products_on_a_processor_with_bf16() -> None:
    from torch.backends.cuda import flash_sdp_enabled

    seen = []
    for native in (True, False):
        with trainer.attention_for_training(TrainingArguments(bf16=native, use_cpu=True)):
            seen.append(flash_sdp_enabled())
    assert seen == [False, True]


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


def test_training_counts_the_rows_that_are_left_after_a_checkpoint(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("textclf.progress.EVERY", 0.0)
    args, control = TrainingArguments(num_train_epochs=3), TrainerControl()
    shown = RowsDone(100)
    shown.on_train_begin(args, TrainerState(epoch=1.0), control)
    for epoch in (1.64, 2.0):  # steps of 64 and 36 rows
        shown.on_step_end(args, TrainerState(epoch=epoch), control)
    assert [line.split(" rows,")[0] for line in capsys.readouterr().err.splitlines()] == [
        "train: 64 of 200",
        "train: 100 of 200",
    ]
