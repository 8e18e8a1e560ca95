"""Starting a classification head from a linear probe instead of random weights.

Linear probing, then fine-tuning: Kumar et al. 2022, "Fine-Tuning can Distort Pretrained Features and Underperform
Out-of-Distribution". A random head sends large, arbitrary gradients into a good body; a fitted one does not.
"""

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from torch import nn
from transformers import PreTrainedModel

from stages.lib.forward import Inputs, forward
from stages.lib.rows import Rows


def output_layer(model: PreTrainedModel) -> nn.Linear:
    """Return the linear layer that gives the logits: the last with as many outputs as there are labels."""
    layers = [m for m in model.modules() if isinstance(m, nn.Linear) and m.out_features == model.config.num_labels]
    return layers[-1]


def start_from_probe(model: PreTrainedModel, train: Rows, batch_size: int) -> None:
    """Give the model's head the weights of a logistic regression on what the frozen body says of the training rows.

    The dense layer between the body and the output layer, if there is one of a known kind, is first made to pass the
    body's vector through, as its pre-trained weights (if any) belong to another task.
    """
    _pass_through(model)
    vectors = forward(model, lambda inputs: _head_input(model, inputs), train.input_ids, batch_size, "probe")
    centre = vectors.mean(axis=0)  # a pass-through's shift is no scale to regularize by
    probe = LogisticRegression(max_iter=3000).fit(vectors - centre, train.labels)
    weight, bias = _one_row_a_label(probe)
    layer = output_layer(model)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weight))
        layer.bias.copy_(torch.from_numpy(bias - weight @ centre))


def _one_row_a_label(probe: LogisticRegression) -> tuple[np.ndarray, np.ndarray]:
    """Return weights (labels, size) and bias (labels,); for two labels scikit-learn keeps one row, the difference."""
    if len(probe.classes_) > 2:
        return probe.coef_, probe.intercept_
    return np.concatenate([-probe.coef_, probe.coef_]) / 2, np.concatenate([-probe.intercept_, probe.intercept_]) / 2


def _head_input(model: PreTrainedModel, inputs: Inputs) -> torch.Tensor:
    """Run the model and return what its output layer was given, shape (batch, size)."""
    seen: list[torch.Tensor] = []
    hook = output_layer(model).register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    try:
        model(**inputs)
    finally:
        hook.remove()
    return seen[0]


def _pass_through(model: PreTrainedModel) -> None:
    """Make the dense layer before the output layer an identity: BERT's and RoBERTa's with tanh, DistilBERT's with ReLU.

    tanh is close to linear where layer-normalized vectors lie; ReLU is so above 0, so the identity is shifted there.
    """
    pooler = getattr(model.base_model, "pooler", None) or getattr(model, "classifier", None)
    if isinstance(dense := getattr(pooler, "dense", None), nn.Linear):
        _identity(dense, shift=0.0)
    elif isinstance(dense := getattr(model, "pre_classifier", None), nn.Linear):
        _identity(dense, shift=3.0)


def _identity(layer: nn.Linear, shift: float) -> None:
    with torch.no_grad():
        layer.weight.copy_(torch.eye(layer.out_features, layer.in_features))
        layer.bias.fill_(shift)
