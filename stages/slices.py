"""Slices: the accuracy on parts of the test rows: by own columns, length, nearness to training rows, and cuts."""

from pathlib import Path

import pandas as pd

from textclf import process
from textclf.metrics.listing import read_listing, write_listing
from textclf.metrics.slices import each_slice, slices
from textclf.rows import read_listed

RAW = Path("data/raw/rows.parquet")
TOKENIZED = Path("data/tokenized/rows.parquet")
TRAIN = Path("data/splits/train.csv")
PREDICTIONS = Path("metrics/predictions/test.json")
SLICES = Path("metrics/slices.json")

DIGITS = 4


def slice_accuracies(rows: pd.DataFrame, predictions: pd.DataFrame) -> pd.DataFrame:
    """Return by, slice, rows and accuracy of every slice of the predicted rows; all tables have ids as their index."""
    right = predictions["actual"] == predictions["predicted"]
    found = each_slice(slices(rows, right.index))
    table = [(by, value, len(ids), round(float(right[ids].mean()), DIGITS)) for by, value, ids in found]
    return pd.DataFrame(table, columns=["by", "slice", "rows", "accuracy"])


def main() -> None:
    """Write metrics/slices.json, a list, which DVC's commands for metrics skip."""
    tokens = pd.read_parquet(TOKENIZED, columns=["id", "tokens", "truncated"]).set_index("id")
    rows = pd.read_parquet(RAW, dtype_backend="numpy_nullable").set_index("id").join(tokens)  # a slice 0 is not 0.0
    train = set(read_listed(TRAIN)["id"])
    rows["used"] = ["train" if name in train else "other" for name in rows.index]
    write_listing(slice_accuracies(rows, read_listing(PREDICTIONS).set_index("id")), SLICES)


if __name__ == "__main__":
    process.run(main)
