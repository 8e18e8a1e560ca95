"""The rows most similar to a text, by label: what a person compares a suspect with."""

import numpy as np
import pandas as pd
from scipy.sparse import vstack

from textclf.data.leaks import same_text
from textclf.metrics.char_grams import blocks, fit_grams
from tools.audit.queue import without_test

SHOWN = 3


class Similar:
    """Rows (text, label) as vectors of their groups of characters; test rows give no evidence and are left out."""

    def __init__(self, rows: pd.DataFrame) -> None:
        self._rows = without_test(rows).reset_index(drop=True)
        texts = self._rows["text"].tolist()
        self._grams, _ = fit_grams(texts)
        self._vectors = vstack([block for _, block in blocks(self._grams, texts)]).T.tocsr()
        self._keys = self._rows["text"].map(same_text).to_numpy()

    def to(self, text: str, label: str) -> list[str]:
        """Return the up to `SHOWN` texts with this label that are most similar to `text`, which is not among them."""
        cosines = np.asarray((self._grams.transform([text]) @ self._vectors).todense()).ravel()
        cosines[(self._rows["label"] != label).to_numpy() | (self._keys == same_text(text))] = -1.0
        best = np.argsort(-cosines, kind="stable")[:SHOWN]
        return [str(self._rows["text"].iloc[at]) for at in best if cosines[at] >= 0]
