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

    def to(self, text: str, labels: list[str]) -> dict[str, list[str]]:
        """Return for each label its up to `SHOWN` texts most similar to `text`, which is not among them."""
        cosines = np.asarray((self._grams.transform([text]) @ self._vectors).todense()).ravel()
        order = np.argsort(-cosines, kind="stable")
        rows = self._rows.iloc[order[self._keys[order] != same_text(text)]]
        return {label: rows.loc[rows["label"] == label, "text"].head(SHOWN).tolist() for label in labels}
