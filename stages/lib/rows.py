"""The rows of a data set: what the downloaded table, its ids and its splits look like on disk."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True)
class Rows:
    """The tokenized rows of one split, in the order of the source.

    `input_ids` holds one unpadded int array a row; `labels` are positions in the list of label names, shape (rows,).
    """

    ids: list[str]
    input_ids: list[NDArray[np.int32]]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)


def read_labels(path: Path) -> list[str]:
    """Return the label names in their order."""
    names: list[str] = json.loads(path.read_text(encoding="utf-8"))
    return names


def read_rows(split: Path, tokenized: Path, label_names: list[str]) -> Rows:
    """Return the tokenized rows whose ids and labels the CSV `split` lists, in its order."""
    listed = pd.read_csv(split, dtype=str, keep_default_na=False)
    tokens = pd.read_parquet(tokenized, columns=["id", "input_ids"]).set_index("id")["input_ids"]
    position = {name: number for number, name in enumerate(label_names)}
    return Rows(
        ids=listed["id"].tolist(),
        input_ids=tokens.loc[listed["id"]].tolist(),
        labels=np.array([position[name] for name in listed["label"]], dtype=np.int64),
    )
