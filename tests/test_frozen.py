"""What a frozen body makes of a row: once, the same in any company, kept in files that may be lost or damaged."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertModel, TrainingArguments

from tests.toys import rows
from textclf.encoders import fixed_batches
from textclf.encoders import frozen as frozen_module
from textclf.encoders.fixed_batches import in_fixed_batches, padded_length, rows_of
from textclf.encoders.forward import forward
from textclf.encoders.frozen import Frozen
from textclf.encoders.pooling import POOLINGS, pooled
from textclf.encoders.precision import has_native_bf16
from textclf.encoders.pretrained import load_body
from textclf.training.trainer import attention_for_training

ARCHITECTURES = ["bert", "distilbert", "roberta", "mpnet"]
NATIVE = pytest.mark.skipif(not has_native_bf16("cpu"), reason="no native bf16")
PRECISIONS = ["fp32", pytest.param("bf16", marks=NATIVE)]


def computed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of rows in the passes that follow."""
    seen: list[int] = []

    def counting(run: Any, ids: Any, *rest: Any) -> Any:
        seen.extend([len(ids)] if ids else [])
        return in_fixed_batches(run, ids, *rest)

    monkeypatch.setattr(fixed_batches, "in_fixed_batches", counting)
    return seen


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_row_has_the_same_bytes_in_any_company(pretrained: Path, tmp_path: Path, precision: str) -> None:
    body, data, others = load_body(pretrained), rows(3, 20, noise=24), rows(3, 100, seed=1, noise=24)
    order = np.random.default_rng(1).permutation(20)
    mixed = others.input_ids[:50] + [data.input_ids[row] for row in order] + others.input_ids[50:]
    alone, among = (Frozen(body, precision, tmp_path / name, cut=3) for name in ("alone", "among"))
    for pooling in POOLINGS:
        before = alone.vectors(data.input_ids, pooling, "")
        np.testing.assert_array_equal(among.vectors(mixed, pooling, "")[50:70], before[order])
    few = alone.states([data.input_ids[row] for row in order])
    for mine, same in zip(few, among.states(mixed)[50:70], strict=True):
        assert torch.equal(mine, same)


def test_a_row_has_the_same_bytes_in_any_company_with_eager_attention_too(
    tiny: Callable[[str], Path], tmp_path: Path
) -> None:
    body, data = load_body(tiny("mpnet")), rows(3, 100, noise=24)
    alone, among = (Frozen(body, "fp32", tmp_path / name, cut=1) for name in ("alone", "among"))
    together = among.states(rows(3, 50, seed=1, noise=24).input_ids + data.input_ids)[50:]
    for mine, same in zip(alone.states(data.input_ids), together, strict=True):
        assert torch.equal(mine, same)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("pooling", POOLINGS)
def test_kept_vectors_are_those_of_a_plain_pass(
    tiny: Callable[[str], Path], tmp_path: Path, architecture: str, pooling: str
) -> None:
    body, data = load_body(tiny(architecture)), rows(3)
    plain = forward(body, lambda inputs: pooled(body, inputs, pooling), data.input_ids, 16, "", "fp32")
    kept = Frozen(body, "fp32", tmp_path).vectors(data.input_ids, pooling, "")
    np.testing.assert_allclose(kept, plain, atol=1e-5)


def test_only_rows_that_are_new_are_computed(
    tiny: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body, data, more = load_body(tiny("bert")), rows(3), rows(3, 5, seed=9)
    seen = computed(monkeypatch)
    Frozen(body, "fp32", tmp_path).vectors(data.input_ids, "cls", "")
    found = Frozen(body, "fp32", tmp_path).vectors(more.input_ids + data.input_ids * 2, "mean", "")
    assert seen == [60, 5]
    assert len(found) == 125


def test_one_pass_gives_vectors_and_states(
    tiny: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body, data = load_body(tiny("bert")), rows(3)
    apart = Frozen(body, "fp32", tmp_path / "apart", cut=1)
    apart.keep_states(data.input_ids, "")
    seen, together = computed(monkeypatch), Frozen(body, "fp32", tmp_path / "together", cut=1)
    together.vectors(data.input_ids, "cls", "")
    together.keep_states(data.input_ids, "")
    assert seen == [60]
    for one, other in zip(apart.states(data.input_ids), together.states(data.input_ids), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_states_above_the_limit_are_computed_when_training_needs_them_with_the_same_bytes(
    precision: str,
    tiny: Callable[[str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    body, data = load_body(tiny("bert")), rows(3)
    kept = Frozen(body, precision, tmp_path / "kept", cut=1)
    kept.keep_states(data.input_ids, "train")
    monkeypatch.setattr(frozen_module, "LIMIT", 100)
    needed = Frozen(body, precision, tmp_path / "needed", cut=1)
    needed.keep_states(data.input_ids, "train")
    assert "too many to keep; they are computed as they are needed" in capsys.readouterr().err
    assert not list((tmp_path / "needed").rglob("states*"))
    with attention_for_training(TrainingArguments(use_cpu=True, bf16=True)):
        found = needed.states(data.input_ids)
    for one, other in zip(kept.states(data.input_ids), found, strict=True):
        assert torch.equal(one, other)


def test_a_row_that_stands_there_often_counts_once_towards_the_limit(
    tiny: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    body, data = load_body(tiny("bert")), rows(3)
    frozen = Frozen(body, "fp32", tmp_path, cut=1)
    monkeypatch.setattr(frozen_module, "LIMIT", frozen._states_size(data.input_ids))
    frozen.keep_states(data.input_ids * 10, "train")
    assert "too many" not in capsys.readouterr().err


def test_a_row_as_long_as_the_model_takes_has_its_vector(tmp_path: Path) -> None:
    sizes: Any = {"hidden_size": 8, "num_attention_heads": 2, "num_hidden_layers": 1, "intermediate_size": 8}
    body = BertModel(BertConfig(**sizes, vocab_size=50, max_position_embeddings=50))
    found = Frozen(body, "fp32", tmp_path).vectors([np.arange(50, dtype=np.int32)], "mean", "")
    assert found.shape == (1, 8)


def test_the_same_body_at_another_place_finds_what_was_computed(
    tiny: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = rows(3)
    Frozen(load_body(tiny("bert")), "fp32", tmp_path / "kept").vectors(data.input_ids, "cls", "")
    seen = computed(monkeypatch)
    moved = shutil.copytree(tiny("bert"), tmp_path / "moved")
    Frozen(load_body(moved), "fp32", tmp_path / "kept").vectors(data.input_ids, "cls", "")
    assert sum(seen) == 0


def cut_off(content: bytes) -> bytes:
    return content[:200]


def with_another_bit(content: bytes) -> bytes:
    return content[:-1] + bytes([content[-1] ^ 1])


@pytest.mark.parametrize("damage", [cut_off, with_another_bit])
def test_a_damaged_file_is_said_and_computed_again(
    damage: Callable[[bytes], bytes],
    tiny: Callable[[str], Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    body, data = load_body(tiny("bert")), rows(3)
    before = Frozen(body, "fp32", tmp_path).vectors(data.input_ids, "cls", "")
    (file,) = tmp_path.rglob("*.safetensors")
    file.write_bytes(damage(file.read_bytes()))
    np.testing.assert_array_equal(Frozen(body, "fp32", tmp_path).vectors(data.input_ids, "cls", ""), before)
    assert f"{file} is damaged; what it held is computed again" in capsys.readouterr().err


def test_another_body_precision_or_cut_has_rows_of_its_own(
    tiny: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body, data = load_body(tiny("bert")), rows(3)
    Frozen(body, "fp32", tmp_path).vectors(data.input_ids, "cls", "")
    with torch.no_grad():
        next(body.parameters()).add_(0.1)
    seen = computed(monkeypatch)
    for precision in ("fp32", "bf16"):
        Frozen(body, precision, tmp_path).vectors(data.input_ids, "cls", "")
    assert seen == [60, 60]


@pytest.mark.parametrize("tokens", [2, 3, 15, 16, 31, 33, 64, 511, 512, 2000])
def test_a_batch_has_one_shape_for_each_length_and_a_place_that_is_empty(tokens: int) -> None:
    shapes = set()

    def run(ids: Any, mask: Any) -> int:
        shapes.add(ids.shape)
        assert mask[-1].sum() == 1
        return 0

    data = [np.full(tokens, 7, dtype=np.int32)] * (2 * rows_of(padded_length(tokens)) + 1)
    found = [row for batch, _ in in_fixed_batches(run, data, 0, "") for row in batch]
    assert found == list(range(len(data)))
    assert len(shapes) == 1
