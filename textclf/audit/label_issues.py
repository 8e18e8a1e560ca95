"""Labels that may be wrong: rows whose label a classifier that has not seen them finds improbable."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from cleanlab.filter import find_label_issues  # type: ignore[import-untyped]
from cleanlab.rank import get_label_quality_scores  # type: ignore[import-untyped]
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from textclf.probabilities import Labels, Probabilities

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Suspicion:
    """What speaks against the label of each row, arrays of shape (rows,).

    `quality` is the probability of the given label (self-confidence), `suggested` the most probable label and
    `probability` that label's; `issue` marks what confident learning calls a label error.
    """

    quality: NDArray[np.float64]
    suggested: Labels
    probability: NDArray[np.float64]
    issue: NDArray[np.bool_]

    def listed(self) -> NDArray[np.int64]:
        """Return the positions of the issues and of the rows where another label is likelier, the most suspect first.

        By quality alone: with 5% of the labels flipped, that finds more of them than the flagged rows put first.
        """
        doubtful = np.flatnonzero(self.issue | (self.quality < self.probability))
        return doubtful[np.argsort(self.quality[doubtful], kind="stable")]


def judgeable(labels: "pd.Series[str]") -> NDArray[np.int64]:
    """Return the positions of the rows whose label can be judged: those of labels with two rows, if two labels have.

    >>> judgeable(pd.Series(["a", "b", "a", "c", "c"])).tolist(), judgeable(pd.Series(["a", "b", "a"])).tolist()
    ([0, 2, 3, 4], [])
    """
    checked = np.flatnonzero(labels.groupby(labels).transform("size") > 1)
    return checked if labels.iloc[checked].nunique() > 1 else checked[:0]


def suspicions(vectors: Vectors, labels: Labels, folds: int, C: float, seed: int) -> Suspicion:
    """Return the suspicion of each row, from classifiers that were fitted without it.

    `vectors` have length 1, shape (rows, size); `labels` are numbers from 0 without a gap, of `judgeable` rows.
    Label errors are those of confident learning (Northcutt et al. 2021), ranked as cleanlab does by default.
    """
    probabilities = out_of_sample(vectors, labels, folds, C, seed)
    quality = get_label_quality_scores(labels, probabilities, method="self_confidence")
    issue = find_label_issues(labels, probabilities, n_jobs=1)
    suggested = probabilities.argmax(axis=1)
    return Suspicion(quality, suggested, probabilities.max(axis=1), np.asarray(issue, dtype=bool))


def out_of_sample(vectors: Vectors, labels: Labels, folds: int, C: float, seed: int) -> Probabilities:
    """Return each row's probabilities, shape (rows, labels), by the logistic regression of the other folds."""
    fold = deal(labels, folds, seed)
    found = np.zeros((len(labels), int(labels.max()) + 1))
    for number in np.unique(fold):  # fewer than `folds` where there are fewer rows
        out = fold == number
        fitted = LogisticRegression(C=C, max_iter=3000).fit(vectors[~out], labels[~out])
        found[out] = fitted.predict_proba(vectors[out])
    return found


def deal(labels: Labels, folds: int, seed: int) -> NDArray[np.int64]:
    """Return the fold of each row: those of a label are dealt out like cards, in a random order.

    Unlike scikit-learn's stratified folds, this takes labels with fewer rows than folds.

    >>> deal(np.array([0, 1, 0, 0, 1, 0]), 2, seed=0).tolist()
    [1, 1, 1, 0, 0, 0]
    """
    order = np.lexsort((np.random.default_rng(seed).permutation(len(labels)), labels))
    fold = np.empty(len(labels), dtype=np.int64)
    fold[order] = np.arange(len(labels)) % folds
    return fold
