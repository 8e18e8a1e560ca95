"""The chosen messages of a file, as a table that tools.audit --rows takes."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from textclf.data.leaks import same_texts
from textclf.errors import InputError
from textclf.inference.model import Model
from textclf.oos.labels import is_out
from tools.predict.row_files import columns, read_windows
from tools.predict.score_file import unusable
from tools.select.novel import MOST, group
from tools.select.strategies import Floats, by_entropy, by_margin, diverse, unit

WINDOW, SEED = 1000, 0


def read_messages(path: Path, column: str) -> list[str]:
    """Return the column's texts, without empty ones and each text once; `InputError` for one that is not UTF-8."""
    if column not in (names := columns(path)):
        raise InputError(f"{path}: no column {column!r}; it has {', '.join(names)}; --text-column names another")
    values = [value for window in read_windows(path, WINDOW) for value in window.values(column)]
    if broken := [row for row, value in enumerate(values, 1) if unusable(value) == "not UTF-8"]:
        raise InputError(f"{path}: row {broken[0]}: the text is not UTF-8; fix it or leave the row out")
    texts = pd.Series([value for value in values if isinstance(value, str)], dtype=object)
    keys = same_texts(texts)
    return [str(text) for text in texts[(keys != "") & ~keys.duplicated()]]


def choose(model: Model, texts: list[str], number: int, by: str) -> pd.DataFrame:
    """Return text, predicted, probability and group of up to `number` texts, the most wanted first.

    `group` numbers the candidate intents of `novel`, from 0, the largest first; it is empty for others.
    """
    if by == "diverse":
        texts = [texts[row] for row in diverse(_vectors(model, texts), number, SEED)]
    answers = model.predict(texts)
    table = pd.DataFrame({"text": texts, "predicted": answers.predicted})
    table["probability"] = answers.probabilities.max(axis=1).round(4)
    table["group"] = ""
    if by in ("margin", "entropy"):
        order = (by_margin if by == "margin" else by_entropy)(answers.probabilities)
        return table.iloc[order[:number]]
    if by == "diverse":
        return table
    if answers.scores is None:
        raise InputError("--by novel needs a model with an out-of-scope rule; set an oos.method and run dvc repro")
    return _novel(model, table, answers.scores, number)


def _novel(model: Model, table: pd.DataFrame, scores: Floats, number: int) -> pd.DataFrame:
    """Return the rows of `table` that are out of scope, with their groups; `scores` says how far out, shape (rows,)."""
    out = np.flatnonzero([is_out(label) for label in table["predicted"]])
    if not len(out):
        print("novel: no message is out of scope", file=sys.stderr)
        return table.iloc[out]
    if len(out) > MOST:
        print(f"novel: of {len(out):,} messages, the {MOST:,} that are furthest out are grouped", file=sys.stderr)
    out = out[np.argsort(-scores[out], kind="stable")][:MOST]
    found = group(_vectors(model, table["text"].iloc[out].tolist()))
    table.loc[out, "group"] = [str(name) if name >= 0 else "" for name in found.group]
    return table.iloc[out[found.order[:number]]]


def _vectors(model: Model, texts: list[str]) -> Floats:
    found = model.classifier.predict(model.rows(texts), 64, "vectors").vectors
    if found is None:
        raise InputError("this model has no vectors (method baseline); use --by margin or entropy")
    return unit(found)
