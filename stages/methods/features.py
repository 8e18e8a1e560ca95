"""Frozen features: a logistic regression on what the checkpoint's body says of a text, which stays as it is."""

from stages.classifiers.features import Features, new_body
from stages.lib.frozen import vectors
from stages.lib.linear import choose
from stages.lib.starts import new_tokenizer
from stages.lib.task import Task, Trained


def train(task: Task) -> Trained:
    """Return the classifier of the best `features.C` on validation; the learning curve has a row for each."""
    pooling, batch_size = task.params.features.pooling, task.params.eval_batch_size
    body = new_body(task.folder)
    train, validation = (
        (vectors(body, rows, pooling, batch_size, name, task.vectors), rows.labels)
        for name, rows in (("train", task.train), ("validation", task.validation))
    )
    regression, curve = choose(train, validation, task.params.features.C, task.params)
    classifier = Features(task.checkpoint, body, new_tokenizer(task), pooling, task.labels, regression, task.vectors)
    trained = regression.coef_.size + regression.intercept_.size
    return Trained(classifier, curve, trained, trained + body.num_parameters())
