"""Teach: put the teachers' probabilities of the training rows into one table; without method distil it is empty."""

from pathlib import Path

import pandas as pd

from textclf import process
from textclf.outputs import ensure_parent
from textclf.params import read_params
from textclf.rows import read_labels, read_listed
from textclf.taught import taught
from textclf.teachers import check_tested

LABELS = Path("data/raw/labels.json")
RAW = Path("data/raw/rows.parquet")
TRAIN = Path("data/splits/train.csv")
TEST = Path("data/splits/test.csv")
TEACHERS = Path("data/teachers")
TAUGHT = Path("data/taught.parquet")


def main() -> None:
    """Write data/taught.parquet: id, and a column of probabilities for each label."""
    params = read_params()
    table = pd.DataFrame({"id": []}, dtype=str)
    if params.method == "distil" and params.distil.teachers:
        texts = pd.read_parquet(RAW, columns=["id", "text"]).set_index("id")["text"]
        ids = read_listed(TRAIN)["id"]
        rows = pd.DataFrame({"id": ids, "text": texts.loc[ids].to_numpy()})
        table = taught(
            params.distil.teachers, TEACHERS, rows, read_labels(LABELS), params.distil.temperature
        ).reset_index()
        check_tested(params.distil.teachers, TEACHERS, read_listed(TEST)["id"])
    table.to_parquet(ensure_parent(TAUGHT), index=False)


if __name__ == "__main__":
    process.run(main)
