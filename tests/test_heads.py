"""Forward passes keep the rows' order; a head that starts from a probe predicts as the probe does."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from transformers import AutoModelForSequenceClassification, PreTrainedModel

from stages.lib.classifiers import predict_proba
from stages.lib.forward import forward
from stages.lib.heads import _head_input, output_layer, start_from_probe
from stages.lib.rows import Rows

RANDOM = np.random.default_rng(0)


def rows(labels: int, size: int = 60) -> Rows:
    """Random token ids of random length; a row's label is in its second token."""
    actual = RANDOM.permutation(np.arange(size) % labels)
    lengths = RANDOM.integers(3, 20, size)
    ids = [
        np.concatenate([[101, 2000 + y], RANDOM.integers(3000, 4000, n), [102]])
        for y, n in zip(actual, lengths, strict=True)
    ]
    return Rows([str(number) for number in range(size)], [row.astype(np.int32) for row in ids], actual)


def classifier(folder: Path, labels: int) -> PreTrainedModel:
    model: PreTrainedModel = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=labels)
    return model


@pytest.mark.parametrize("batch_size", [1, 7, 100])
def test_results_come_in_the_rows_order_whatever_the_batches(tiny: Callable[[str], Path], batch_size: int) -> None:
    model, data = classifier(tiny("bert"), 3), rows(3)
    alone = [
        model.eval()(input_ids=torch.tensor(ids[None].astype(np.int64))).logits.softmax(-1)[0].tolist()
        for ids in data.input_ids
    ]
    found = predict_proba(model, data.input_ids, batch_size, "test")
    np.testing.assert_allclose(found, alone, atol=1e-6)


@pytest.mark.parametrize("architecture", ["bert", "distilbert", "roberta"])
@pytest.mark.parametrize("labels", [2, 3])
def test_a_head_from_a_probe_predicts_as_the_probe(tiny: Callable[[str], Path], architecture: str, labels: int) -> None:
    model, data = classifier(tiny(architecture), labels), rows(labels)
    start_from_probe(model, data, batch_size=16)
    vectors = forward(model, lambda inputs: _head_input(model, inputs), data.input_ids, 16, "test")
    probe = LogisticRegression(max_iter=3000).fit(vectors - vectors.mean(axis=0), data.labels)
    expected = probe.predict_proba(vectors - vectors.mean(axis=0))
    np.testing.assert_allclose(predict_proba(model, data.input_ids, 16, "test"), expected, atol=1e-4)


@pytest.mark.parametrize("architecture", ["bert", "distilbert", "roberta"])
def test_the_dense_layer_before_the_output_passes_the_bodys_vector_through(
    tiny: Callable[[str], Path], architecture: str
) -> None:
    model, data = classifier(tiny(architecture), 3), rows(3)
    start_from_probe(model, data, batch_size=16)
    body = forward(model, lambda inputs: model.base_model(**inputs).last_hidden_state[:, 0], data.input_ids, 16, "test")
    head = forward(model, lambda inputs: _head_input(model, inputs), data.input_ids, 16, "test")
    expected = np.maximum(body + 3, 0) if architecture == "distilbert" else np.tanh(body)
    np.testing.assert_allclose(head, expected, atol=1e-5)


def test_the_output_layer_is_found(tiny: Callable[[str], Path]) -> None:
    assert output_layer(classifier(tiny("bert"), 5)).out_features == 5
