"""Forward passes keep the rows' order; a head that starts from a probe predicts as the probe does."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from transformers import AutoModelForSequenceClassification, PreTrainedModel

from tests.toys import rows
from textclf.classifiers.encoder import Encoder
from textclf.encoders.forward import forward
from textclf.encoders.heads import output_layer, read_head
from textclf.encoders.pooling import pooled
from textclf.errors import InputError
from textclf.probabilities import Probabilities, softmax
from textclf.rows import Rows
from textclf.training.probe_start import check_reads_cls, start_from_probe


def classifier(folder: Path, labels: int) -> PreTrainedModel:
    model: PreTrainedModel = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=labels)
    return model


def predict_proba(model: PreTrainedModel, data: Rows, batch_size: int) -> Probabilities:
    return softmax(Encoder(model, None, "fp32").predict(data, batch_size, "test").logits)  # type: ignore[arg-type]


def cls_vectors(model: PreTrainedModel, data: Rows) -> NDArray[np.float32]:
    return forward(model, lambda inputs: pooled(model.base_model, inputs, "cls"), data.input_ids, 16, "test", "fp32")  # type: ignore[arg-type]


def from_probe(model: PreTrainedModel, data: Rows) -> None:
    known = cls_vectors(model, data)
    start_from_probe(model, data, known, "none")


def given_to_the_output_layer(model: PreTrainedModel, data: Rows) -> NDArray[np.float32]:
    return forward(model, lambda inputs: read_head(model, inputs)[0], data.input_ids, 16, "test", "fp32")


@pytest.mark.parametrize("batch_size", [1, 7, 100])
def test_results_come_in_the_rows_order_whatever_the_batches(tiny: Callable[[str], Path], batch_size: int) -> None:
    model, data = classifier(tiny("bert"), 3), rows(3)
    alone = [
        model.eval()(input_ids=torch.tensor(ids[None].astype(np.int64))).logits.softmax(-1)[0].tolist()
        for ids in data.input_ids
    ]
    found = predict_proba(model, data, batch_size)
    np.testing.assert_allclose(found, alone, atol=1e-6)


@pytest.mark.parametrize("architecture", ["bert", "distilbert", "roberta"])
@pytest.mark.parametrize("labels", [2, 3])
def test_a_head_from_a_probe_predicts_as_the_probe(tiny: Callable[[str], Path], architecture: str, labels: int) -> None:
    model, data = classifier(tiny(architecture), labels), rows(labels)
    from_probe(model, data)
    given = given_to_the_output_layer(model, data)
    probe = LogisticRegression(max_iter=3000).fit(given - given.mean(axis=0), data.labels)
    expected = probe.predict_proba(given - given.mean(axis=0))
    np.testing.assert_allclose(predict_proba(model, data, 16), expected, atol=1e-4)


@pytest.mark.parametrize("architecture", ["bert", "distilbert", "electra", "roberta"])
def test_the_dense_layer_before_the_output_passes_the_bodys_vector_through(
    tiny: Callable[[str], Path], architecture: str
) -> None:
    model, data = classifier(tiny(architecture), 3), rows(3)
    from_probe(model, data)
    body = forward(
        model, lambda inputs: model.base_model(**inputs).last_hidden_state[:, 0], data.input_ids, 16, "test", "fp32"
    )
    head = given_to_the_output_layer(model, data)
    expected = np.tanh(body)
    if architecture == "distilbert":
        expected = np.maximum(body + 3, 0)
    if architecture == "electra":
        expected = torch.nn.functional.gelu(torch.from_numpy(body + 3)).numpy()
    np.testing.assert_allclose(head, expected, atol=1e-5)


def test_the_output_layer_is_found(tiny: Callable[[str], Path]) -> None:
    assert output_layer(classifier(tiny("bert"), 5), 5).out_features == 5


def test_a_head_that_reads_more_than_the_first_token_is_refused(tmp_path: Path) -> None:
    from transformers import AutoConfig

    sizes = {"d_model": 32, "n_layer": 1, "n_head": 2, "d_inner": 32, "vocab_size": 30522, "num_labels": 3}
    model = AutoModelForSequenceClassification.from_config(AutoConfig.for_model("xlnet", **sizes, pad_token_id=0))
    data = rows(3)
    with pytest.raises(InputError, match="the head of a XLNetForSequenceClassification reads more than the first"):
        check_reads_cls(model, data)
