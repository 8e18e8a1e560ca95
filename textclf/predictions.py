"""A classifier's predictions as a table: logits and vectors by id, with the actual labels."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from textclf.outputs import ensure_parent


@dataclass(frozen=True)
class Predictions:
    """Rows with actual labels, logits, shape (rows, labels), and vectors, shape (rows, size), if there are any."""

    ids: list[str]
    actual: list[str]
    logits: NDArray[np.floating[Any]]
    vectors: NDArray[np.float32] | None


def join(first: Predictions, second: Predictions) -> Predictions:
    """Return the rows of both; either may have none."""
    if not (first.ids and second.ids):
        return first if first.ids else second
    vectors = None
    if first.vectors is not None and second.vectors is not None:
        vectors = np.concatenate([first.vectors, second.vectors])
    logits = np.concatenate([first.logits, second.logits])
    return Predictions(first.ids + second.ids, first.actual + second.actual, logits, vectors)


def write_predictions(predictions: Predictions, path: Path) -> None:
    """Write a Parquet table with a row for each of `predictions`."""
    columns: dict[str, Any] = {"id": predictions.ids, "actual": predictions.actual, "logits": list(predictions.logits)}
    if predictions.vectors is not None:
        columns["vectors"] = list(predictions.vectors)
    pd.DataFrame(columns).to_parquet(ensure_parent(path), index=False)


def read_predictions(path: Path) -> Predictions:
    """Return what `write_predictions` wrote."""
    table = pd.read_parquet(path)
    vectors = _stacked(table["vectors"]) if "vectors" in table else None
    return Predictions(table["id"].tolist(), table["actual"].tolist(), _stacked(table["logits"]), vectors)


def _stacked(column: "pd.Series[Any]") -> NDArray[Any]:
    return np.stack(column.tolist()) if len(column) else np.empty((0, 1))  # no rows: how long one is isn't known
