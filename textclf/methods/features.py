"""Frozen features: a logistic regression on vectors of the checkpoint's body, which is not trained."""

from textclf.classifiers.features import Features, load_body
from textclf.encoders.frozen_vectors import frozen_vectors
from textclf.training.probe_start import new_tokenizer
from textclf.training.selection import select_C
from textclf.training.task import Task, Trained


def train(task: Task) -> Trained:
    """Return the classifier of the best `features.C` on validation; the learning curve has a row for each C."""
    pooling, batch_size = task.params.features.pooling, task.params.eval_batch_size
    body = load_body(task.folder)
    train, validation = (
        (frozen_vectors(body, rows, pooling, batch_size, name, task.vector_cache), rows.labels)
        for name, rows in (("train", task.train), ("validation", task.validation))
    )
    regression, curve = select_C(train, validation, task.params.features.C, task.params)
    tokenizer = new_tokenizer(task)
    classifier = Features(task.checkpoint, body, tokenizer, pooling, task.labels, regression, task.vector_cache)
    trained = regression.coef_.size + regression.intercept_.size
    return Trained(classifier, curve, trained, trained + body.num_parameters())
