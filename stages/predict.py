"""Predict: run the classifier once over the rows that later stages need, and keep its logits and vectors."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from stages import classifiers
from stages.lib import stage
from stages.lib.out_of_scope import in_scope, is_out
from stages.lib.outputs import write_json
from stages.lib.params import read_params
from stages.lib.predictions import Predictions, join, write_predictions
from stages.lib.rows import read_labels, read_listed, read_tokens, rows_of
from stages.lib.task import Classifier

LABELS = Path("data/raw/labels.json")
TOKENIZED = Path("data/tokenized/rows.parquet")
OUT_OF_SCOPE_TOKENIZED = Path("data/tokenized/oos.parquet")
SPLITS = Path("data/splits")
CLASSIFIER = Path("models/classifier")
PREDICTED = Path("data/predicted")


def predict(classifier: Classifier, listed: pd.DataFrame, tokens: pd.DataFrame, size: int, what: str) -> Predictions:
    """Return what the classifier says of the `listed` rows (columns id, label), `size` rows at a time."""
    if listed.empty:
        return Predictions([], [], np.empty((0, 0)), None)
    found = classifier.predict(rows_of(listed, tokens, sorted(set(listed["label"]))), size, what)
    return Predictions(listed["id"].tolist(), listed["label"].tolist(), found.logits, found.vectors)


def main() -> None:
    """Write data/predicted: validation and test rows that are in scope, and in `scope` what the scope stage needs.

    That is nothing with oos.method: none; training rows are for a threshold and a gate, of which the gate alone sees
    some that are out of scope. In- and out-of-scope rows are predicted apart, as the rows of a batch change each
    other's last digits.
    """
    params = read_params()
    labels, method = read_labels(LABELS), params.oos.method
    intents = len(in_scope(labels))
    tokens = pd.concat([read_tokens(TOKENIZED), read_tokens(OUT_OF_SCOPE_TOKENIZED)])
    apart = read_listed(SPLITS / "oos.csv")
    classifier = classifiers.load(CLASSIFIER, stage.vectors_folder())
    for split in ("train", "validation", "test") if method in ("threshold", "gate") else ("validation", "test"):
        listed = read_listed(SPLITS / f"{split}.csv")
        out = listed["label"].map(is_out)
        found = predict(classifier, listed[~out], tokens, params.eval_batch_size, split)
        if split != "train":
            write_predictions(replace(found, logits=found.logits[:, :intents]), PREDICTED / f"{split}.parquet")
        if split != "train" or method == "gate":
            others = pd.concat([listed[out], apart[apart["split"] == split]])
            found = join(found, predict(classifier, others, tokens, params.eval_batch_size, f"{split}, out of scope"))
        if method != "none":
            write_predictions(found, PREDICTED / "scope" / f"{split}.parquet")
    write_json(PREDICTED / "scope" / "labels.json", [] if method == "none" else labels)


if __name__ == "__main__":
    stage.run(main)
