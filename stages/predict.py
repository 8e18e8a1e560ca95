"""Predict: run the classifier once over the rows that later stages need, and keep its logits and vectors."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from textclf import classifiers, process
from textclf.cache import cache_folder
from textclf.classifiers.base import Classifier, Loading
from textclf.oos.labels import in_scope, is_out
from textclf.outputs import write_json
from textclf.params import read_params
from textclf.predictions import Predictions, join, write_predictions
from textclf.rows import read_labels, read_listed, read_tokens, rows_of

LABELS = Path("data/raw/labels.json")
TOKENIZED = Path("data/tokenized/rows.parquet")
OOS_TOKENIZED = Path("data/tokenized/oos.parquet")
SPLITS = Path("data/splits")
TRAINED = Path("models/trained")
PREDICTED = Path("data/predicted")


def predict(classifier: Classifier, listed: pd.DataFrame, tokens: pd.DataFrame, size: int, desc: str) -> Predictions:
    """Return the classifier's predictions of the `listed` rows (columns id, label), `size` rows at a time."""
    if listed.empty:
        return Predictions([], [], np.empty((0, 0)), None)
    rows = rows_of(listed, tokens, sorted(set(listed["label"])))
    predicted = classifier.predict(rows, size, desc)
    return Predictions(listed["id"].tolist(), listed["label"].tolist(), predicted.logits, predicted.vectors)


def main() -> None:
    """Write data/predicted: the validation and test rows that are in scope, and in `oos` the rows for the oos stage.

    With oos.method: none, `oos` holds no rows. Threshold and gate also need training rows; only the gate needs those
    that are out of scope. In- and out-of-scope rows are predicted apart, because the rows of a batch change each
    other's last digits.
    """
    params = read_params()
    labels, method = read_labels(LABELS), params.oos.method
    intents = len(in_scope(labels))
    tokens = pd.concat([read_tokens(TOKENIZED), read_tokens(OOS_TOKENIZED)])
    apart = read_listed(SPLITS / "oos.csv")
    classifier = classifiers.load(TRAINED, Loading(cache_dir=cache_folder("vectors"), device=params.device))
    for split in ("train", "validation", "test") if method in ("threshold", "gate") else ("validation", "test"):
        listed = read_listed(SPLITS / f"{split}.csv")
        out = listed["label"].map(is_out)
        predictions = predict(classifier, listed[~out], tokens, params.eval_batch_size, split)
        if split != "train":
            scored = replace(predictions, logits=predictions.logits[:, :intents])
            write_predictions(scored, PREDICTED / f"{split}.parquet")
        if split != "train" or method == "gate":
            others = pd.concat([listed[out], apart[apart["split"] == split]])
            desc = f"{split}, out of scope"
            predictions = join(predictions, predict(classifier, others, tokens, params.eval_batch_size, desc))
        if method != "none":
            write_predictions(predictions, PREDICTED / "oos" / f"{split}.parquet")
    write_json(PREDICTED / "oos" / "labels.json", [] if method == "none" else labels)


if __name__ == "__main__":
    process.run(main)
