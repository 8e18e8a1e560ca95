"""Predict: run the classifier once over the rows that later stages need, and keep its logits and vectors."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from textclf import classifiers, process
from textclf.cache import cache_folder
from textclf.classifiers.base import Classifier, Loading
from textclf.encoders.checkpoints import Checkpoint, locate
from textclf.encoders.frozen import Frozen
from textclf.encoders.pretrained import load_body
from textclf.oos.labels import in_scope, is_out
from textclf.outputs import write_json
from textclf.params import Params, read_params
from textclf.predictions import Predictions, join, write_predictions
from textclf.rows import read_labels, read_listed, read_tokens, rows_of

LABELS = Path("data/raw/labels.json")
TOKENIZED = Path("data/tokenized/rows.parquet")
OOS_TOKENIZED = Path("data/tokenized/oos.parquet")
SPLITS = Path("data/splits")
TRAINED = Path("models/trained")
CHECKPOINT = Path("data/tokenized/checkpoint.json")
PREDICTED = Path("data/predicted")

MAPPED = 500  # training rows at most whose vectors are kept: t-SNE of a thousand takes three seconds, twice


def predict(classifier: Classifier, listed: pd.DataFrame, tokens: pd.DataFrame, size: int, desc: str) -> Predictions:
    """Return the classifier's predictions of the `listed` rows (columns id, label), `size` rows at a time."""
    if listed.empty:
        return Predictions([], [], np.empty((0, 0)), None)
    rows = rows_of(listed, tokens, sorted(set(listed["label"])))
    predicted = classifier.predict(rows, size, desc)
    return Predictions(listed["id"].tolist(), listed["label"].tolist(), predicted.logits, predicted.vectors)


def training_vectors(
    classifier: Classifier, listed: pd.DataFrame, tokens: pd.DataFrame, params: Params
) -> pd.DataFrame:
    """Return id, label, and the vectors `before` (the frozen body's means) and `after` training of some `listed` rows.

    They are the rows with the first ids, which are hashes. There are none if training changes no vector.
    """
    columns = ["id", "label", "before", "after"]
    if params.method in ("features", "zero_shot", "baseline") or listed.empty:
        return pd.DataFrame(columns=columns)
    chosen = listed.sort_values("id").head(MAPPED)
    after = predict(classifier, chosen, tokens, params.eval_batch_size, "training rows for the map").vectors
    folder = locate(Checkpoint.model_validate_json(CHECKPOINT.read_bytes()))
    body = load_body(folder, params.device)
    frozen = Frozen(body, classifier.precision, cache_folder("vectors"))
    before = frozen.vectors(tokens.loc[chosen["id"], "input_ids"].tolist(), "mean", "the same rows, frozen")
    assert after is not None, "every method with a body has vectors"
    return pd.DataFrame(dict(zip(columns, (chosen["id"], chosen["label"], list(before), list(after)), strict=True)))


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
    listed = read_listed(SPLITS / "train.csv")
    vectors = training_vectors(classifier, listed[~listed["label"].map(is_out)], tokens, params)
    vectors.to_parquet(PREDICTED / "training_vectors.parquet", index=False)
    write_json(PREDICTED / "oos" / "labels.json", [] if method == "none" else labels)


if __name__ == "__main__":
    process.run(main)
