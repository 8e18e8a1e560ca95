"""The test rows that a run gets wrong, each with the training row that speaks against it."""

import numpy as np
import pandas as pd

from textclf.metrics.char_grams import blocks, fit_grams
from tools.runs.run import Run

MAX_PAIRS = 1_000_000_000  # of wrong rows and training rows that are compared: about a minute
AT_A_TIME = 2_000  # wrong rows
NEIGHBOR = ("neighbor", "neighbor_label", "similarity")
COLUMNS = ["text", "actual", "predicted", "confidence", "loss", *NEIGHBOR, "id"]


def find_errors(run: Run) -> pd.DataFrame:
    """Return the wrong test rows, the highest loss first, with the columns `COLUMNS`.

    Those after the first `searched` ones have no neighbor: comparing them all would take hours.
    """
    table = run.predictions
    wrong = table[table["actual"] != table["predicted"]].sort_values("loss", ascending=False, kind="stable")
    texts = run.rows.loc[wrong.index, "text"]
    train = run.rows[run.rows["used"] == "train"]
    first = searched(len(wrong), len(train))
    known, labels = train["text"].tolist(), train["label"].tolist()
    searching = texts.tolist()[:first], wrong["actual"].tolist()[:first], known, labels
    near = neighbors(*searching) if first else {name: [] for name in NEIGHBOR}
    filled = {name: values + [None] * (len(wrong) - first) for name, values in near.items()}
    return wrong.assign(text=texts, **filled).reset_index()[COLUMNS]


def searched(wrong: int, known: int) -> int:
    """Return for how many wrong rows, those of the highest loss, the most similar of `known` rows is looked for.

    >>> searched(170, 9_000), searched(30_000, 720_000), searched(170, 0)
    (170, 1388, 0)
    """
    return min(wrong, MAX_PAIRS // known) if known else 0


def neighbors(
    texts: list[str], labels: list[str], known: list[str], known_labels: list[str]
) -> dict[str, list[object]]:
    """Return text, label and similarity of the most similar known text with another label, for each of `texts`.

    All three are None for a text whose label all known texts have. Similarity is the cosine of TF-IDF of 3 to 5
    characters.

    >>> found = neighbors(["my card"], ["card"], ["my card", "my cards", "bye"], ["card", "order", "end"])
    >>> found["neighbor"], found["neighbor_label"]
    (['my cards'], ['order'])
    """
    grams, _ = fit_grams(known)
    other = np.array(known_labels, dtype=object)
    best, highest = np.zeros(len(texts), dtype=np.int64), np.full(len(texts), -np.inf)
    for start in range(0, len(texts), AT_A_TIME):
        part = slice(start, start + AT_A_TIME)
        asked, own = grams.transform(texts[part]), np.array(labels[part], dtype=object)
        for first, block in blocks(grams, known):
            cosines = (asked @ block.T).toarray()
            cosines[own[:, None] == other[None, first : first + block.shape[0]]] = -1.0  # the row's own label
            nearest = cosines.max(axis=1)
            better = nearest > highest[part]  # not at equality, so that the first of equals stays
            best[part] = np.where(better, first + cosines.argmax(axis=1), best[part])
            highest[part] = np.where(better, nearest, highest[part])
    rows = zip(best.tolist(), highest.round(3).tolist(), strict=True)
    found = [(known[at], known_labels[at], similar) if similar >= 0 else (None,) * 3 for at, similar in rows]
    return {name: [row[place] for row in found] for place, name in enumerate(NEIGHBOR)}
