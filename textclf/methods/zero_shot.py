"""Zero-shot: no training row at all; the label whose name or description is nearest to the text, by cosine.

Validation rows, if there are any, are reported alone.
"""

import math

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from textclf.classifiers.frozen_linear import Features
from textclf.encoders.frozen import Frozen
from textclf.encoders.precision import resolve_precision
from textclf.encoders.pretrained import load_body
from textclf.logistic import from_tensors
from textclf.probabilities import Labels
from textclf.training.label_vectors import label_vectors
from textclf.training.probe_start import new_tokenizer
from textclf.training.selection import CURVE, curve_row
from textclf.training.task import Task, Trained
from textclf.unit import unit

SCALE = 20.0  # of the cosines in the logits: the usual one of sentence-transformers, not chosen by measurement


def train(task: Task) -> Trained:
    """Return the classifier; its learning curve has one row, without a loss on training rows."""
    pooling, precision = task.params.zero_shot.pooling, resolve_precision(task.params.precision, task.params.device)
    body = load_body(task.folder, task.params.device)
    frozen = Frozen(body, precision, task.vector_cache)
    regression = nearest_label(*label_vectors(task, frozen, pooling))
    known = unit(frozen.vectors(task.validation.input_ids, pooling, "validation")) if task.validation.ids else None
    row = {"epoch": 1} | dict.fromkeys(CURVE, math.nan)
    if known is not None:
        row |= curve_row(1, 0.0, task.validation.labels, regression.predict_proba(known)) | {"train_loss": math.nan}
    tokenizer = new_tokenizer(task)
    classifier = Features(task.checkpoint, body, tokenizer, pooling, task.labels, regression, precision, unit=True)
    return Trained(classifier, [row | {"kept": 1}], 0, body.num_parameters())


def nearest_label(vectors: NDArray[np.float64], labels: Labels) -> LogisticRegression:
    """Return the linear layer whose logits are `SCALE` times the cosines with `vectors`, the labels' in their order.

    >>> layer = nearest_label(np.eye(3), np.arange(3))
    >>> layer.predict(np.array([[0.6, 0.8, 0.0]])).tolist()
    [1]
    """
    weights = SCALE * vectors
    if len(labels) == 2:  # scikit-learn keeps the difference alone
        weights = weights[1:] - weights[:1]
    return from_tensors({"coef": weights, "intercept": np.zeros(len(weights))}, len(labels))
