"""The rows of a data set: the downloaded table, its ids and its splits as they are on disk."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from textclf.probabilities import label_ids

OWN = "source."  # before the name of a source's own column, so that it never clashes with one of ours


@dataclass(frozen=True)
class Rows:
    """The tokenized rows of one split, in the order of the source.

    `input_ids` holds one unpadded int array a row; `labels` are positions in the list of label names, shape (rows,).
    """

    ids: list[str]
    texts: list[str]
    input_ids: list[NDArray[np.int32]]
    labels: NDArray[np.int64]

    def take(self, positions: Sequence[int]) -> "Rows":
        """Return the rows at `positions`, in that order; a position may come more than once."""
        ids, texts, tokens = ([column[p] for p in positions] for column in (self.ids, self.texts, self.input_ids))
        return Rows(ids, texts, tokens, self.labels[list(positions)])  # type: ignore[arg-type]

    def join(self, other: "Rows") -> "Rows":
        """Return these rows, then those of `other`."""
        labels = np.concatenate([self.labels, other.labels])
        return Rows(self.ids + other.ids, self.texts + other.texts, self.input_ids + other.input_ids, labels)


def label_rows(rows: Rows, ids: list[str], labels: list[str], label_names: list[str]) -> Rows:
    """Return `rows` with ids and labels."""
    return Rows(ids, rows.texts, rows.input_ids, label_ids(labels, label_names))


def new_rows(texts: list[str], tokenize: Callable[..., Any] | None = None) -> Rows:
    """Return texts without labels as rows; `tokenize` is a Hugging Face tokenizer, which cuts at its own length."""
    tokens = _token_ids(texts, tokenize) if tokenize else [[] for _ in texts]
    ids = [str(number) for number in range(len(texts))]
    return Rows(ids, texts, [np.asarray(t, dtype=np.int32) for t in tokens], np.zeros(len(texts), dtype=np.int64))


def _token_ids(texts: list[str], tokenize: Callable[..., Any]) -> list[list[int]]:
    backend = getattr(tokenize, "backend_tokenizer", None)
    if backend is None:
        token_ids: list[list[int]] = tokenize(texts, truncation=True)["input_ids"]
        return token_ids
    tokenize("", truncation=True)  # sets the backend's truncation; for all texts, masks and offsets would cost as much
    return [encoding.ids for encoding in backend.encode_batch_fast(texts)]


def read_labels(path: Path) -> list[str]:
    """Return the label names in their order."""
    names: list[str] = json.loads(path.read_text(encoding="utf-8"))
    return names


def read_label_texts(path: Path) -> dict[str, str]:
    """Return the text that says what each label means, by label."""
    texts: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return texts


def read_tokens(path: Path) -> pd.DataFrame:
    """Return text and input_ids, int32 as in `Rows`, of all tokenized rows, by id."""
    table = pq.read_table(path, columns=["id", "text", "input_ids"])
    narrow = table["input_ids"].cast(pa.list_(pa.int32()))  # an empty table's is null
    return table.set_column(2, "input_ids", narrow).to_pandas().set_index("id")


def read_listed(split: Path) -> pd.DataFrame:
    """Return the ids and labels that the CSV `split` lists; names such as `1` or `null` stay text."""
    return pd.read_csv(split, dtype=str, keep_default_na=False)


def read_rows(split: Path, tokens: pd.DataFrame, label_names: list[str]) -> Rows:
    """Return the rows whose ids and labels the CSV `split` lists, in its order; `tokens` is that of `read_tokens`."""
    return rows_of(read_listed(split), tokens, label_names)


def rows_of(listed: pd.DataFrame, tokens: pd.DataFrame, label_names: list[str]) -> Rows:
    """Return the rows that a table with the columns id and label lists."""
    rows = tokens.loc[listed["id"]]
    return Rows(
        ids=listed["id"].tolist(),
        texts=rows["text"].tolist(),
        input_ids=rows["input_ids"].tolist(),
        labels=label_ids(listed["label"].tolist(), label_names),
    )
