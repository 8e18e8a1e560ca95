"""Messages out of scope as groups that could become intents, each with its most central message first."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import AgglomerativeClustering

Floats = NDArray[np.floating[Any]]

APART = 0.8  # mean cosine distance between two groups above which they stay apart
MOST = 5000  # messages that callers group at once: each is compared with each other one
FEWEST = 3  # messages of a group that could be an intent


@dataclass(frozen=True)
class Groups:
    """The group of each row, shape (rows,), -1 for one of a small group, and the rows in the order of their groups."""

    group: NDArray[np.int64]
    order: NDArray[np.int64]


def group(vectors: Floats, apart: float = APART) -> Groups:
    """Return groups by average linkage, the largest first; `vectors` have length 1, shape (rows, size).

    In the order, the most central row of each group comes first, then the second of each, and so on.
    """
    if len(vectors) < 2:
        return Groups(np.full(len(vectors), -1), np.arange(len(vectors)))
    linked = AgglomerativeClustering(None, metric="cosine", linkage="average", distance_threshold=apart)
    labels = linked.fit_predict(vectors)
    names, sizes = np.unique(labels, return_counts=True)
    place = {
        name: at for at, name in enumerate(names[np.argsort(-sizes, kind="stable")]) if sizes[names == name] >= FEWEST
    }
    found = np.array([place.get(label, -1) for label in labels], dtype=np.int64)
    centers = np.stack([vectors[labels == label].mean(axis=0) for label in names])
    distance = 1 - (vectors * centers[np.searchsorted(names, labels)]).sum(axis=1)
    inner = np.lexsort((distance, found))
    turn = np.arange(len(found)) - np.searchsorted(found[inner], found[inner])
    rows = np.lexsort((found[inner], turn, found[inner] < 0))
    return Groups(found, inner[rows])
