"""The audit's view of the workspace's rows: their suspicions, from the same vectors and parameters as the stage's."""

import numpy as np
from numpy.typing import NDArray

from textclf.audit.label_issues import Suspicion, suspicions
from tools.runs.trial import Bench

Labels = NDArray[np.int64]


def learned_vectors(bench: Bench) -> NDArray[np.float32]:
    """Return the vectors of training and validation rows, of length 1, as the stage `audit` has them."""
    whole = np.concatenate([bench.vectors[name] for name in ("train", "validation")])
    return np.asarray(whole / np.linalg.norm(whole, axis=1, keepdims=True))


def judge(bench: Bench, vectors: NDArray[np.float32], train_labels: Labels, seed: int) -> Suspicion:
    """Return the suspicions of training and validation rows, if the training rows had these labels."""
    labels = np.concatenate([train_labels, bench.rows["validation"].labels])
    audit = bench.params.audit
    return suspicions(vectors, labels, audit.folds, audit.C, seed)
