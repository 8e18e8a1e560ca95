"""Rows of rare and of frequent labels in equal numbers."""

import numpy as np

from stages.lib.rows import Rows


def resample(rows: Rows, sampling: str, seed: int) -> Rows:
    """Return `rows` with as many of each label: rare ones repeated (`oversample`) or others left out (`undersample`).

    Drawn at random by imbalanced-learn; `none` changes nothing.
    """
    if sampling == "none":
        return rows
    from imblearn.over_sampling import RandomOverSampler
    from imblearn.under_sampling import RandomUnderSampler

    sampler = {"oversample": RandomOverSampler, "undersample": RandomUnderSampler}[sampling](random_state=seed)
    positions = np.arange(len(rows.ids))[:, None]
    kept, _ = sampler.fit_resample(positions, rows.labels)
    return rows.take(kept[:, 0].tolist())
