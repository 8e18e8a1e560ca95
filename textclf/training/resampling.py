"""Rows of rare and of frequent labels in equal numbers."""

import numpy as np
from sklearn.utils import resample as draw

from textclf.rows import Rows


def resample(rows: Rows, sampling: str, seed: int) -> Rows:
    """Return `rows` with as many of each label: rare ones repeated (`oversample`) or others left out (`undersample`).

    Oversampling keeps every row and draws the further ones with replacement; undersampling draws without. The rows
    keep their order, repeats at the end. `none` changes nothing.
    """
    if sampling == "none":
        return rows
    labels, counts = np.unique(rows.labels, return_counts=True)
    random = np.random.RandomState(seed)
    by_label = [np.flatnonzero(rows.labels == label) for label in labels]
    if sampling == "undersample":
        drawn = [draw(own, replace=False, n_samples=counts.min(), random_state=random) for own in by_label]
        return rows.take(np.sort(np.concatenate(drawn)).tolist())
    more = [
        draw(own, n_samples=counts.max() - len(own), random_state=random) for own in by_label if len(own) < counts.max()
    ]
    return rows.take(np.concatenate([np.arange(len(rows.ids)), *more]).tolist())
