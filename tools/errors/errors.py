"""The test rows that a run gets wrong, each with the training row that speaks against it."""

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer

from tools.runs.run import Run

BLOCK = 500  # rows at a time
COLUMNS = ["text", "actual", "predicted", "confidence", "loss", "neighbour", "neighbour_label", "similarity", "id"]


def find_errors(run: Run) -> pd.DataFrame:
    """Return the wrong test rows, the highest loss first, with the columns `COLUMNS`."""
    table = run.predictions
    wrong = table[table["actual"] != table["predicted"]].sort_values("loss", ascending=False, kind="stable")
    texts = run.rows.loc[wrong.index, "text"]
    train = run.rows[run.rows["used"] == "train"]
    near = neighbours(texts.tolist(), wrong["actual"].tolist(), train["text"].tolist(), train["label"].tolist())
    return wrong.assign(text=texts, **near).reset_index()[COLUMNS]


def neighbours(
    texts: list[str], labels: list[str], known: list[str], known_labels: list[str]
) -> dict[str, list[object]]:
    """Return text, label and similarity of the most similar known text with another label, for each of `texts`.

    Similarity is the cosine of TF-IDF of 3 to 5 characters.

    >>> found = neighbours(["my card"], ["card"], ["my card", "my cards", "bye"], ["card", "order", "end"])
    >>> found["neighbour"], found["neighbour_label"]
    (['my cards'], ['order'])
    """
    grams = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), lowercase=True)
    columns = grams.fit_transform(known).T.tocsr()
    other, best, similarity = np.array(known_labels, dtype=object), [], []
    for start in range(0, len(texts), BLOCK):
        part = slice(start, start + BLOCK)
        found = (grams.transform(texts[part]) @ columns).toarray()
        found[np.array(labels[part], dtype=object)[:, None] == other[None, :]] = -1.0  # the row's own label
        best += found.argmax(axis=1).tolist()
        similarity += found.max(axis=1).round(3).tolist()
    names = [known[number] for number in best]
    return {"neighbour": names, "neighbour_label": other[best].tolist(), "similarity": similarity}
