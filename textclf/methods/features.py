"""Frozen features: a logistic regression on vectors of the checkpoint's body, which is not trained."""

from textclf.classifiers.features import Features, load_body
from textclf.encoders.frozen import Frozen
from textclf.encoders.precision import resolve_precision
from textclf.training.probe_start import new_tokenizer
from textclf.training.selection import select_C
from textclf.training.task import Task, Trained


def train(task: Task) -> Trained:
    """Return the classifier of the best `features.C` on validation; the learning curve has a row for each C."""
    pooling, precision = task.params.features.pooling, resolve_precision(task.params.precision)
    body = load_body(task.folder, task.params.device)
    frozen = Frozen(body, precision, task.vector_cache)
    train, validation = (
        (frozen.vectors(rows.input_ids, pooling, name), rows.labels)
        for name, rows in (("train", task.train), ("validation", task.validation))
    )
    regression, curve = select_C(train, validation, task.params.features.C, task.params)
    tokenizer = new_tokenizer(task)
    classifier = Features(task.checkpoint, body, tokenizer, pooling, task.labels, regression, precision)
    trained = regression.coef_.size + regression.intercept_.size
    return Trained(classifier, curve, trained, trained + body.num_parameters())
