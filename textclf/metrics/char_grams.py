"""Texts as vectors of their groups of characters: TF-IDF, fitted without a matrix of all texts."""

from collections import Counter
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer

BLOCK = 5000  # texts at a time
SETTINGS = {"analyzer": "char_wb", "ngram_range": (3, 5), "lowercase": True}


def fit_grams(texts: list[str]) -> tuple[TfidfVectorizer, NDArray[np.int64]]:
    """Return the vectorizer that scikit-learn's `fit` would, and in how many of `texts` each of its groups stands.

    It turns a text into a vector of length 1 of its groups of 3 to 5 characters, and of length 0 if it has none.

    >>> grams, rows = fit_grams(["my card", "my cards"])
    >>> dict(zip(grams.vocabulary, rows.tolist(), strict=True))["ards"]
    1
    """
    analyze, counts = TfidfVectorizer(**SETTINGS).build_analyzer(), Counter[str]()
    for text in texts:
        counts.update(set(analyze(text)))
    grams = TfidfVectorizer(**SETTINGS, vocabulary=sorted(counts))
    rows = np.array([counts[gram] for gram in grams.vocabulary], dtype=np.int64)
    grams.idf_ = np.log((1 + len(texts)) / (1 + rows)) + 1
    return grams, rows


def blocks(grams: TfidfVectorizer, texts: list[str]) -> Iterator[tuple[int, csr_matrix]]:
    """Yield the position of the first text of each `BLOCK`, and the block's vectors."""
    for start in range(0, len(texts), BLOCK):
        yield start, grams.transform(texts[start : start + BLOCK])
