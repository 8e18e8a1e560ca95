"""Baselines to compare the others with: the most frequent label, or TF-IDF of words with a logistic regression."""

import numpy as np
from sklearn.dummy import DummyClassifier

from textclf.classifiers.baseline import MostFrequent, Words, new_tfidf
from textclf.errors import InputError
from textclf.metrics.selection import log_loss
from textclf.training.few_rows import candidates
from textclf.training.selection import curve_row, select_C
from textclf.training.task import Task, Trained

C_OF_WORDS = 10.0  # of few rows


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
    chosen = task.params.baseline
    tfidf = new_tfidf(min_df=chosen.min_df, max_features=chosen.max_features)
    try:
        train = tfidf.fit_transform(task.train.texts)
    except ValueError:
        where = f"{chosen.min_df:,} of the training texts; a lower baseline.min_df may help"
        raise InputError(f"method baseline: no word of two letters or more stands in {where}") from None
    validation = tfidf.transform(task.validation.texts), task.validation.labels
    strengths = candidates(chosen.C, C_OF_WORDS, task)
    regression, curve = select_C((train, task.train.labels), validation, strengths, task.params)
    size = regression.coef_.size + regression.intercept_.size
    return Trained(Words(task.labels, tfidf, regression), curve, size, size)
