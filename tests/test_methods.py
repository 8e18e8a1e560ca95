"""Every method on toy data: it learns, repeats, and what it saves is the same classifier."""

import importlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open

from stages.train import training_metrics
from tests.conftest import ROOT
from tests.toys import LABELS, params, rows, task
from textclf import classifiers
from textclf.classifiers.base import Loading
from textclf.classifiers.lora import Adapter
from textclf.encoders import fixed_batches, precision
from textclf.encoders.precision import has_native_bf16
from textclf.errors import InputError
from textclf.methods import lora
from textclf.metrics.selection import accuracy
from textclf.outputs import write_json
from textclf.probabilities import softmax
from textclf.training.selection import fit_centered, fit_logistic
from textclf.training.task import Task, Trained

METHODS = {path.stem for path in (ROOT / "textclf" / "methods").glob("[a-z]*.py")}

CASES: dict[str, dict[str, Any]] = {
    "full": {"method": "full", "epochs": 5},
    "distil": {"method": "distil", "epochs": 5, "distil": {"teachers": ["other"]}},
    "distil-upper-layers": {"method": "distil", "epochs": 5, "distil": {"teachers": ["other"], "trained_layers": 1}},
    "head": {"method": "head", "epochs": 20, "head_init": "random"},
    "head-from-probe": {"method": "head", "lr": 1e-4},
    "lora": {"method": "lora", "lr": 1e-2, "head_lr_factor": 1.0},
    "lora-random-head": {"method": "lora", "lr": 2e-2, "epochs": 6, "head_init": "random", "head_lr_factor": 1.0},
    "full-in-bf16": {"method": "full", "epochs": 5, "precision": "auto"},
    "full-upper-layers": {"method": "full", "epochs": 5, "full": {"trained_layers": 1}, "ema": 0.9},
    "lora-upper-layers": {"method": "lora", "lr": 1e-2, "head_lr_factor": 1.0, "lora": {"trained_layers": 1}},
    "lora-gradual": {"method": "lora", "lr": 1e-2, "head_lr_factor": 1.0, "lora": {"unfreeze": "gradual"}},
    "features-mean": {"method": "features", "features": {"pooling": "mean"}},
    "features-layers": {"method": "features", "features": {"pooling": "layers"}},
    "features-cls": {"method": "features", "features": {"pooling": "cls", "C": 1.0}},
    "features-prior": {"method": "features", "features": {"prior": "label_names", "C": 10.0}},
    "zero-shot": {"method": "zero_shot"},
    "tfidf": {"method": "baseline", "baseline": {"kind": "tfidf"}},
    "most-frequent": {"method": "baseline", "baseline": {"kind": "most_frequent"}},
    "oversampled": {"method": "features", "sampling": "oversample", "class_weights": "balanced"},
}
ON_BERT = [(case, "bert") for case in CASES]
ELSEWHERE = [(case, "distilbert") for case in ("full", "head", "lora", "features-cls")]
ELSEWHERE += [(case, body) for case in ("full-upper-layers", "lora-upper-layers") for body in ("distilbert", "roberta")]
ELSEWHERE += [("head", "roberta"), ("full-upper-layers", "mpnet")]


def train(toy: Task) -> Trained:
    trained: Trained = importlib.import_module(f"textclf.methods.{toy.params.method}").train(toy)
    return trained


@pytest.fixture(scope="module")
def run(tiny: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[Trained, Path]]:
    """Train a case on an architecture and save it, once for all tests."""
    done: dict[tuple[str, str], tuple[Trained, Path]] = {}

    def once(case: str, architecture: str = "bert") -> tuple[Trained, Path]:
        if (case, architecture) not in done:
            folder = tmp_path_factory.mktemp(case)
            trained = train(task(tiny(architecture), folder, **CASES[case]))
            classifiers.save(trained.classifier, folder / "saved")
            done[case, architecture] = trained, folder / "saved"
        return done[case, architecture]

    return once


def test_every_method_is_tried_here() -> None:
    assert {str(case["method"]) for case in CASES.values()} == METHODS


@pytest.mark.parametrize(
    ("case", "architecture"), [run for run in ON_BERT + ELSEWHERE if run[0] not in ("most-frequent", "zero-shot")]
)
def test_it_learns(run: Callable[..., tuple[Trained, Path]], case: str, architecture: str) -> None:
    validation = rows(3, 30, seed=2, noise=4)
    found = run(case, architecture)[0].classifier.predict(validation, 8, "test").logits
    dummy = run("most-frequent")[0].classifier.predict(validation, 8, "test").logits
    learnt, guessed = (accuracy(validation.labels, p.argmax(axis=1)) for p in (found, dummy))
    assert guessed == pytest.approx(1 / 3)
    assert learnt > 0.6


@pytest.mark.parametrize("case", CASES)
def test_it_repeats_to_the_byte(
    run: Callable[..., tuple[Trained, Path]], tiny: Callable[[str], Path], tmp_path: Path, case: str
) -> None:
    first, folder = run(case)
    again = train(task(tiny("bert"), tmp_path, **CASES[case]))
    classifiers.save(again.classifier, tmp_path / "saved")
    assert again.curve == first.curve
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == {
        file.name: file.read_bytes() for file in (tmp_path / "saved").iterdir()
    }


@pytest.mark.parametrize(("case", "architecture"), ON_BERT + ELSEWHERE)
def test_what_is_saved_predicts_the_same(
    run: Callable[..., tuple[Trained, Path]], case: str, architecture: str
) -> None:
    trained, folder = run(case, architecture)
    test = rows(3, 20, seed=3)
    before = trained.classifier.predict(test, 8, "test")
    after = classifiers.load(folder).predict(test, 8, "test")
    merged = 1e-5 if case.startswith("lora") else 0  # the adapter's product is added to the weight, not to its output
    np.testing.assert_allclose(softmax(before.logits), softmax(after.logits), atol=merged, rtol=merged)
    assert (before.vectors is None) == (after.vectors is None) == case.startswith(("tfidf", "most"))


@pytest.mark.skipif(not has_native_bf16("cpu"), reason="no native bf16")
@pytest.mark.parametrize("case", ["full", "lora", "features-mean"])
def test_a_classifier_of_bf16_that_is_loaded_exactly_keeps_its_weights_and_answers_in_fp32(
    run: Callable[..., tuple[Trained, Path]], tmp_path: Path, case: str
) -> None:
    _, folder = run(case)
    copy = shutil.copytree(folder, tmp_path / "bf16")
    kind = json.loads((copy / classifiers.KIND).read_text())
    write_json(copy / classifiers.KIND, kind | {"precision": "bf16"})
    exact: Any = classifiers.load(copy, Loading(exact=True))
    test = rows(3, 20, seed=3)
    expected = classifiers.load(folder).predict(test, 8, "").logits
    np.testing.assert_array_equal(replace(exact, precision="fp32").predict(test, 8, "").logits, expected)
    fast = classifiers.load(copy).predict(test, 8, "").logits
    np.testing.assert_array_equal(exact.predict(test, 8, "").logits, fast)
    assert not np.array_equal(fast, expected)


def test_a_classifier_of_bf16_answers_in_fp32_where_there_is_no_bf16_and_says_so(
    run: Callable[..., tuple[Trained, Path]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, folder = run("full")
    copy = shutil.copytree(folder, tmp_path / "bf16")
    write_json(copy / classifiers.KIND, {"kind": "encoder", "precision": "bf16"})
    monkeypatch.setattr(precision, "has_native_bf16", lambda device: False)
    test = rows(3, 20, seed=3)
    found = classifiers.load(copy).predict(test, 8, "").logits
    np.testing.assert_array_equal(found, classifiers.load(folder).predict(test, 8, "").logits)
    assert capsys.readouterr().err.count("made in bf16, which this processor lacks: it answers in fp32") == 1


def test_an_adapter_of_a_checkpoint_from_the_hub_is_saved_without_asking_the_hub(
    run: Callable[..., tuple[Trained, Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from peft.utils import save_and_load

    def asked(*_: Any, **__: Any) -> bool:
        raise AssertionError("it asks the Hub")

    monkeypatch.setattr(save_and_load, "check_file_exists_on_hf_hub", asked)
    trained, folder = run("lora")
    adapter: Any = trained.classifier
    pinned = adapter.checkpoint.model_copy(update={"hub": "org/name", "revision": "0" * 40, "folder": None})
    classifiers.save(replace(adapter, checkpoint=pinned), tmp_path)
    assert (tmp_path / "adapter_model.safetensors").read_bytes() == (folder / "adapter_model.safetensors").read_bytes()


@pytest.mark.parametrize("case", CASES)
def test_label_names_survive(run: Callable[..., tuple[Trained, Path]], case: str) -> None:
    _, folder = run(case)
    files = [json.loads(file.read_text()) for file in folder.glob("*.json")]
    names = [file.get("labels") or list(file.get("id2label", {}).values()) for file in files]
    assert LABELS in names


@pytest.mark.parametrize("case", CASES)
def test_nothing_of_this_machine_and_no_pickle_is_saved(
    run: Callable[..., tuple[Trained, Path]], tiny: Callable[[str], Path], case: str
) -> None:
    _, folder = run(case)
    for file in folder.iterdir():
        assert file.suffix in (".json", ".safetensors", ".txt"), file
        assert str(folder.parent).encode() not in file.read_bytes()
        assert b"local_files_only" not in file.read_bytes(), "it says whether this machine is offline"


@pytest.mark.parametrize("case", ["full", "head", "lora-gradual"])
def test_what_full_fine_tuning_and_the_head_leave_is_an_ordinary_classifier(
    run: Callable[..., tuple[Trained, Path]], case: str
) -> None:
    from transformers import pipeline

    _, folder = run(case)
    found = pipeline("text-classification", str(folder))("some text")
    assert found[0]["label"] in LABELS


@pytest.mark.parametrize("architecture", ["bert", "distilbert", "roberta"])
def test_a_trained_head_predicts_on_cached_vectors_as_with_the_whole_body_in_place(
    run: Callable[..., tuple[Trained, Path]], tiny: Callable[[str], Path], tmp_path: Path, architecture: str
) -> None:
    import torch

    from textclf.encoders.frozen import Frozen
    from textclf.encoders.heads import without_body
    from textclf.encoders.pretrained import load_body

    encoder: Any = run("head", architecture)[0].classifier
    test = rows(3, 20, seed=3)
    known = Frozen(load_body(tiny(architecture)), "fp32", tmp_path).vectors(test.input_ids, "cls", "test")
    with torch.inference_mode(), without_body(encoder.model.eval()):
        alone = encoder.model(inputs_embeds=torch.from_numpy(known)).logits.softmax(dim=1)
    np.testing.assert_allclose(alone, softmax(encoder.predict(test, 8, "test").logits), atol=1e-6)


def test_a_frozen_body_is_run_once_for_a_row_and_not_again_in_the_next_run(
    tiny: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    seen: list[int] = []

    def counting(run: Any, ids: Any, *rest: Any) -> Any:
        seen.append(len(ids))
        return passes(run, ids, *rest)

    passes = fixed_batches.in_fixed_batches
    monkeypatch.setattr(fixed_batches, "in_fixed_batches", counting)
    for lr in (1e-3, 2e-3):
        toy = task(tiny("bert"), tmp_path, method="head", epochs=2, lr=lr)
        train(replace(toy, resume_dir=tmp_path / str(lr)))
    assert [rows for rows in seen if rows] == [90, 30]


def test_the_body_stays_as_it_is_under_a_trained_head(
    run: Callable[..., tuple[Trained, Path]], tiny: Callable[[str], Path]
) -> None:
    from safetensors.numpy import load_file

    before, after = load_file(tiny("bert") / "model.safetensors"), load_file(run("head")[1] / "model.safetensors")
    changed = {
        name for name in after if not np.array_equal(after[name], before.get(name.removeprefix("bert."), np.nan))
    }
    assert changed == {"bert.pooler.dense.bias", "bert.pooler.dense.weight", "classifier.bias", "classifier.weight"}


def saved_values(file: Path) -> int:
    with safe_open(file, "numpy") as tensors:
        return sum(int(np.prod(tensors.get_slice(name).get_shape())) for name in tensors.keys())  # noqa: SIM118


def test_loras_size_and_trainable_share_are_what_the_metrics_say(run: Callable[..., tuple[Trained, Path]]) -> None:
    trained, folder = run("lora")
    found = training_metrics(trained, folder, params())
    identity = 32 * 32 + 32  # the pooler, saved but not trained
    assert saved_values(folder / "adapter_model.safetensors") == found["trainable_parameters"] + identity
    assert found["size_mb"] == round(sum(file.stat().st_size for file in folder.iterdir()) / 1e6, 2)
    assert found["trainable_share"] == round(trained.trainable / trained.parameters, 4)
    assert not (folder / "model.safetensors").exists()
    random = run("lora-random-head")
    assert saved_values(random[1] / "adapter_model.safetensors") == random[0].trainable


@pytest.mark.parametrize(
    ("architecture", "names"),
    [
        ("bert", {"query", "key", "value", "dense"}),
        ("distilbert", {"q_lin", "k_lin", "v_lin", "out_lin", "lin1", "lin2"}),
    ],
)
def test_auto_means_all_linear_layers_of_the_body_whatever_they_are_called(
    tiny: Callable[[str], Path], tmp_path: Path, architecture: str, names: set[str]
) -> None:
    from textclf.training.probe_start import new_encoder

    model = new_encoder(task(tiny(architecture), tmp_path)).model
    found = lora.target_modules(model, "auto")
    assert len(found) == 2 * 6
    assert {name.split(".")[-1] for name in found} == names
    assert not any("pooler" in name or "classifier" in name for name in found)


def test_a_target_that_the_architecture_does_not_have_is_refused(tiny: Callable[[str], Path], tmp_path: Path) -> None:
    toy = task(tiny("distilbert"), tmp_path, method="lora", lora={"target_modules": ["q_lin", "query"]})
    with pytest.raises(
        InputError, match=r"lora\.target_modules: 'query' is not a linear layer of the body, which has k_lin, lin1"
    ):
        train(toy)
    assert not (tmp_path / "vectors").exists()  # before the frozen body's passes


def test_gradual_unfreezing_trains_a_layer_more_each_epoch(tiny: Callable[[str], Path], tmp_path: Path) -> None:
    from textclf.training.probe_start import new_encoder

    toy = task(tiny("bert"), tmp_path, method="lora", head_lr_factor=1.0, lora={"unfreeze": "gradual"})
    model = Adapter(
        lora.with_adapters(new_encoder(toy).model, toy.params, 0), new_encoder(toy).tokenizer, toy.checkpoint, "fp32"
    ).encoder.model
    trained = []
    layers: Any = model.bert.encoder.layer  # type: ignore[union-attr]
    for epoch in (0, 1, 2):
        lora.unfreeze(model, epoch)
        trained.append([layer.output.dense.base_layer.weight.requires_grad for layer in layers])
    assert trained == [[False, False], [False, True], [True, True]]
    assert not model.get_input_embeddings().weight.requires_grad
    rates = dict.fromkeys(lr for _, lr in lora.learning_rates(model, toy.params))
    assert list(rates) == [pytest.approx(3e-4), pytest.approx(3e-3)]


def test_only_the_layers_that_the_kept_epoch_trained_count(
    tiny: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fit(kept: int) -> Any:
        def to_the_last_epoch(model: Any, *_: Any) -> list[dict[str, Any]]:
            lora.unfreeze(model, 2)
            return [{"epoch": epoch + 1, "kept": int(epoch == kept)} for epoch in range(3)]

        monkeypatch.setattr(lora, "fit", to_the_last_epoch)
        return train(task(tiny("bert"), tmp_path / str(kept), **CASES["lora-gradual"])).trainable

    first, second, third = (fit(kept) for kept in range(3))
    assert first < second < third
    assert second - first == third - second, "a layer each"


def test_a_gradual_run_that_resumes_ends_with_the_same_bytes(
    run: Callable[..., tuple[Trained, Path]], tiny: Callable[[str], Path], tmp_path: Path
) -> None:
    from tests.test_trainer import kill_in_epoch

    toy = task(tiny("bert"), tmp_path, **CASES["lora-gradual"])
    kill_in_epoch(3, lambda: train(toy))
    again = train(toy)
    classifiers.save(again.classifier, tmp_path / "saved")
    whole, folder = run("lora-gradual")
    assert again.curve == whole.curve
    assert (tmp_path / "saved/model.safetensors").read_bytes() == (folder / "model.safetensors").read_bytes()


def test_the_best_c_on_validation_is_kept(tiny: Callable[[str], Path], tmp_path: Path) -> None:
    toy = task(
        tiny("bert"), tmp_path, method="features", features={"C": [100.0, 1e-6, 1.0]}, selection_metric="log_loss"
    )
    curve = train(toy).curve
    assert [row["C"] for row in curve] == [1e-6, 1.0, 100.0]
    kept = next(row for row in curve if row["kept"])
    assert kept["validation_log_loss"] == min(row["validation_log_loss"] for row in curve)
    assert sum(row["kept"] for row in curve) == 1


def test_the_most_frequent_label_is_predicted_for_every_text(tiny: Callable[[str], Path], tmp_path: Path) -> None:
    toy = task(tiny("bert"), tmp_path, method="baseline", baseline={"kind": "most_frequent"})
    left = [*np.flatnonzero(toy.train.labels != 1)[:40], *np.flatnonzero(toy.train.labels == 1)]
    found = train(replace(toy, train=toy.train.take(left))).classifier.predict(toy.validation, 8, "test")
    np.testing.assert_array_equal(softmax(found.logits), np.tile([0.0, 1.0, 0.0], (30, 1)))


@pytest.mark.parametrize("labels", [2, 3])
def test_a_regression_of_centered_vectors_is_the_same_in_fewer_steps(labels: int) -> None:
    drawn = np.random.default_rng(0)
    vectors = (5 + drawn.normal(size=(90, 8))).astype(np.float32)
    actual = np.arange(90) % labels
    weights = np.where(actual == 0, 3.0, 1.0)
    plain = fit_logistic(vectors.astype(np.float64), actual, "none", 0.5, weights)
    centered = fit_centered(vectors, actual, "none", 0.5, weights)
    assert centered.predict_proba(vectors) == pytest.approx(plain.predict_proba(vectors), abs=2e-3)
    assert centered.n_iter_ < plain.n_iter_
