"""Baselines, to hold the others against: the most frequent label, or TF-IDF of words with a logistic regression."""

import numpy as np
from sklearn.dummy import DummyClassifier

from stages.classifiers.baseline import MostFrequent, Words, new_tfidf
from stages.lib.errors import InputError
from stages.lib.linear import choose, curve_row
from stages.lib.scores import log_loss
from stages.lib.task import Task, Trained


def train(task: Task) -> Trained:
    """Return the baseline of `baseline.kind`; its learning curve has a row for each C, or one."""
    return {"most_frequent": _most_frequent, "tfidf": _words}[task.params.baseline.kind](task)


def _most_frequent(task: Task) -> Trained:
    train, validation = task.train.labels, task.validation.labels
    dummy = DummyClassifier(strategy="most_frequent").fit(np.zeros((len(train), 1)), train)
    classifier = MostFrequent(task.labels, dummy.predict_proba([[0]])[0])
    losses = log_loss(train, dummy.predict_proba(np.zeros((len(train), 1))))
    row = curve_row(1, losses, validation, dummy.predict_proba(np.zeros((len(validation), 1))))
    return Trained(classifier, [row | {"kept": 1}], 0, 0)


def _words(task: Task) -> Trained:
    tfidf = new_tfidf()
    try:
        train = tfidf.fit_transform(task.train.texts)
    except ValueError:
        raise InputError("method baseline: the training texts hold no words of two letters or more") from None
    validation = tfidf.transform(task.validation.texts), task.validation.labels
    regression, curve = choose((train, task.train.labels), validation, task.params.baseline.C, task.params)
    size = regression.coef_.size + regression.intercept_.size
    return Trained(Words(task.labels, tfidf, regression), curve, size, size)
