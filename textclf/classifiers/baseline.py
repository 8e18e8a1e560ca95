"""Baselines that know nothing of language: the most frequent label, and words with a logistic regression on them."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from textclf.classifiers.base import Loading, Predicted
from textclf.logistic import from_tensors, logits, to_tensors
from textclf.outputs import write_json
from textclf.rows import Rows, new_rows

SETTINGS, TENSORS = "baseline.json", "baseline.safetensors"


@dataclass(frozen=True)
class MostFrequent:
    """The same probabilities, shape (labels,), for every text."""

    labels: list[str]
    probabilities: NDArray[np.float64]
    kind = "baseline"
    precision = "fp32"

    def save(self, folder: Path) -> None:
        """Write probabilities and label names."""
        folder.mkdir(parents=True, exist_ok=True)
        save_file({"probabilities": self.probabilities}, folder / TENSORS)
        write_json(folder / SETTINGS, {"labels": self.labels})

    def rows(self, texts: list[str]) -> Rows:
        """Return texts as rows without tokens."""
        return new_rows(texts)

    def predict(self, rows: Rows, batch_size: int, desc: str) -> Predicted:
        """Return the probabilities' logarithms once a row."""
        with np.errstate(divide="ignore"):
            known = np.log(self.probabilities)  # -inf, which is 0 again, for the others
        return Predicted(np.tile(known, (len(rows.ids), 1)), None)


@dataclass(frozen=True)
class Words:
    """TF-IDF of words and pairs of words, and the regression on it."""

    labels: list[str]
    tfidf: TfidfVectorizer
    regression: LogisticRegression
    kind = "baseline"
    precision = "fp32"

    def save(self, folder: Path) -> None:
        """Write the vocabulary in order, label names, and the tensors."""
        folder.mkdir(parents=True, exist_ok=True)
        save_file({"idf": self.tfidf.idf_} | to_tensors(self.regression), folder / TENSORS)
        write_json(folder / SETTINGS, {"labels": self.labels, "vocabulary": list(self.tfidf.get_feature_names_out())})

    def rows(self, texts: list[str]) -> Rows:
        """Return texts as rows without tokens."""
        return new_rows(texts)

    def predict(self, rows: Rows, batch_size: int, desc: str) -> Predicted:
        """Return logits; the sparse vectors of words are nothing to draw."""
        return Predicted(logits(self.regression, self.tfidf.transform(rows.texts)), None)


def load(folder: Path, precision: str, loading: Loading) -> MostFrequent | Words:
    """Return the classifier that was saved; it has no body to load in one way or another."""
    settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
    labels, tensors = settings["labels"], load_file(folder / TENSORS)
    if "probabilities" in tensors:
        return MostFrequent(labels, tensors["probabilities"])
    tfidf = new_tfidf(settings["vocabulary"])
    tfidf.idf_ = tensors["idf"]
    return Words(labels, tfidf, from_tensors(tensors, len(labels)))


def new_tfidf(vocabulary: list[str] | None = None, **choice: int | None) -> TfidfVectorizer:
    """Return the vectorizer: lower-cased words and pairs of words, sublinear counts, in float32.

    `choice` has scikit-learn's `min_df` and `max_features`, where the vocabulary is still to be learned.
    """
    words = {"ngram_range": (1, 2), "sublinear_tf": True, "dtype": np.float32}
    return TfidfVectorizer(vocabulary=vocabulary, **words, **choice)
