"""What teachers say of the training rows: the mean of their probabilities."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from textclf.errors import InputError
from textclf.probabilities import softmax
from textclf.teachers import check_teachers

KEYS = {"id", "text"}  # columns of a teacher's table, beside one for each label


def taught(names: list[str], folder: Path, rows: pd.DataFrame, labels: list[str], temperature: float) -> pd.DataFrame:
    """Return the mean of the teachers' probabilities at `temperature`, a column for each label, by the rows' ids.

    `rows` has id and text. `InputError` if a teacher has other labels or doesn't know a row or its text.
    """
    check_labels(labels)
    check_teachers(names, folder)
    known = [_logits(folder / f"{name}.parquet", rows, labels) for name in names]
    mean = np.mean([softmax(logits / temperature) for logits in known], axis=0)
    return pd.DataFrame(mean, columns=labels, index=rows["id"])


def check_labels(labels: list[str]) -> None:
    """Raise `InputError` for a label whose column couldn't be told from the other columns of a teacher's table."""
    if taken := sorted(KEYS & set(labels)):
        raise InputError(
            f"label {taken[0]!r} can't be taught: the teachers' tables have another column of that name; "
            "rename the label"
        )


def _logits(file: Path, rows: pd.DataFrame, labels: list[str]) -> NDArray[np.float64]:
    """Return a teacher's logits, shape (rows, labels)."""
    table = pd.read_parquet(file).set_index("id")
    if other := set(labels) ^ set(table.columns.drop("text")):
        raise InputError(f"{file}: the teacher has other labels, such as {min(other)!r}")
    if len(unknown := rows["id"][~rows["id"].isin(table.index)]):
        raise InputError(f"{file}: the teacher has not seen row {unknown.iloc[0]}; make it anew with tools.teach")
    found = table.loc[rows["id"]]
    if len(changed := rows["id"][found["text"].to_numpy() != rows["text"].map(text_key).to_numpy()]):
        raise InputError(f"{file}: row {changed.iloc[0]} has another text now; make it anew with tools.teach")
    return np.asarray(found[labels], dtype=np.float64)


def text_key(text: str) -> str:
    """Return a short name for a text, by which it is recognized: eight digits of its sha256."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]
