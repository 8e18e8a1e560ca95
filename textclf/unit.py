"""Vectors of length 1, whose products are cosines."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def unit(vectors: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return the vectors, shape (rows, size), scaled to length 1; one of zeros stays as it is.

    >>> unit(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [[0.6, 0.8], [0.0, 0.0]]
    """
    wide = vectors.astype(np.float64)
    return np.asarray(wide / np.linalg.norm(wide, axis=1, keepdims=True).clip(1e-12))
