"""The audit's view of the workspace's rows: their suspicions, from the same vectors and parameters as the stage's."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from textclf.audit.label_issues import Suspicion, judgeable, suspicions
from tools.runs.trial import Bench

Labels = NDArray[np.int64]


def learned_vectors(bench: Bench) -> NDArray[np.float32]:
    """Return the vectors of training and validation rows, of length 1, as the stage `audit` has them."""
    whole = np.concatenate([bench.vectors[name] for name in ("train", "validation")])
    return np.asarray(whole / np.linalg.norm(whole, axis=1, keepdims=True))


def judge(bench: Bench, vectors: NDArray[np.float32], train_labels: Labels, seed: int) -> Suspicion:
    """Return the suspicions of training and validation rows, if the training rows had these labels.

    As in the stage, a row whose label can't be judged is no suspect.
    """
    labels = np.concatenate([train_labels, bench.rows["validation"].labels])
    checked, audit = judgeable(pd.Series(labels.astype(str))), bench.params.audit
    whole = _unsuspected(labels)
    if not len(checked):
        return whole
    names, given = np.unique(labels[checked], return_inverse=True)
    found = suspicions(vectors[checked], given, audit.folds, audit.C, seed)
    whole.quality[checked], whole.probability[checked] = found.quality, found.probability
    whole.suggested[checked], whole.issue[checked] = names[found.suggested], found.issue
    return whole


def _unsuspected(labels: Labels) -> Suspicion:
    rows = len(labels)
    return Suspicion(np.ones(rows), labels.copy(), np.ones(rows), np.zeros(rows, dtype=bool))
