"""Frozen features: a logistic regression on vectors of the checkpoint's body, which is not trained."""

import numpy as np

from textclf.classifiers.frozen_linear import Features
from textclf.encoders.frozen import Frozen
from textclf.encoders.precision import resolve_precision
from textclf.encoders.pretrained import load_body
from textclf.training.few_rows import candidates
from textclf.training.label_vectors import label_vectors
from textclf.training.probe_start import new_tokenizer
from textclf.training.selection import select_C
from textclf.training.task import Task, Trained
from textclf.unit import unit

C_OF_VECTORS, C_OF_UNITS = 0.3, 10.0  # of few rows; docs/few-labels.md has the measurement


def train(task: Task) -> Trained:
    """Return the classifier of the best `features.C` on validation; the learning curve has a row for each C.

    With `features.prior: label_names` the regression is on vectors of length 1, and learns from the labels' texts too.
    """
    chosen, precision = task.params.features, resolve_precision(task.params.precision, task.params.device)
    pooling, with_names = chosen.pooling, chosen.prior == "label_names"
    body = load_body(task.folder, task.params.device)
    frozen = Frozen(body, precision, task.vector_cache)
    prior = label_vectors(task, frozen, pooling) if with_names else None
    scaled = unit if with_names else np.asarray
    train, validation = (
        (scaled(frozen.vectors(rows.input_ids, pooling, name)), rows.labels)
        for name, rows in (("train", task.train), ("validation", task.validation))
    )
    strengths = candidates(chosen.C, C_OF_UNITS if with_names else C_OF_VECTORS, task)
    regression, curve = select_C(train, validation, strengths, task.params, prior)
    tokenizer = new_tokenizer(task)
    classifier = Features(
        task.checkpoint, body, tokenizer, pooling, task.labels, regression, precision, unit=with_names
    )
    trained = regression.coef_.size + regression.intercept_.size
    return Trained(classifier, curve, trained, trained + body.num_parameters())
