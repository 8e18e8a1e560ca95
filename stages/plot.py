"""Plot: pictures for people, and slim series for `dvc plots`."""

import csv
import json
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from textclf import process
from textclf.charts import (
    confusion,
    extreme_rows,
    labels,
    learning_curve,
    map,
    oos,
    reliability,
    robustness,
    style,
    token_lengths,
)
from textclf.metrics.listing import read_listing
from textclf.oos.labels import in_scope, is_out
from textclf.params import Params, read_params
from textclf.predictions import read_predictions
from textclf.probabilities import softmax
from textclf.rows import read_labels, read_listed
from textclf.splits import SPLITS

RAW = Path("data/raw/rows.parquet")
LABELS = Path("data/raw/labels.json")
TOKENIZED = Path("data/tokenized/rows.parquet")
LISTED = Path("data/splits")
CURVE = Path("plots/learning_curve.csv")
CLASSES = Path("plots/classes.csv")
ROBUSTNESS = Path("plots/robustness.csv")
TEST = Path("metrics/test.json")
CALIBRATION = Path("metrics/calibration.json")
OOS = Path("metrics/predictions/oos.json")
VALIDATION_PREDICTIONS = Path("metrics/predictions/validation.json")
TEST_PREDICTIONS = Path("metrics/predictions/test.json")
TEST_PREDICTED = Path("data/predicted/test.parquet")
TRAINING_VECTORS = Path("data/predicted/training_vectors.parquet")
PICTURES = Path("plots/pictures")
CONFUSION = Path("plots/confusion.csv")
RELIABILITY = Path("plots/reliability.csv")
EXTREMES = Path("plots/extreme_rows.csv")


def read_classes() -> pd.DataFrame:
    """Return the scores by label; names such as `1` and `null` stay text."""
    return pd.read_csv(CLASSES, dtype={"label": str}, keep_default_na=False)


def draw_data(params: Params) -> None:
    """Draw the data as they are before training: labels and lengths."""
    parts = [read_listed(LISTED / f"{name}.csv").assign(split=name) for name in SPLITS]
    show(labels.draw_distribution(pd.concat(parts)), "class_distribution", params)
    tokenized = pd.read_parquet(TOKENIZED, columns=["id", "tokens", "truncated"])
    show(token_lengths.draw_lengths(tokenized, params.max_length), "token_lengths", params)
    texts = pd.read_parquet(RAW, columns=["id", "text"]).set_index("id")["text"]
    words = texts.map(lambda text: len(text.split()))
    used = pd.concat(parts).set_index("id")
    lengths = used[["label"]].assign(words=words, tokens=tokenized.set_index("id")["tokens"])
    show(token_lengths.draw_lengths_by_label(lengths[~lengths["label"].map(is_out)]), "lengths_by_label", params)


def draw_results(params: Params) -> None:
    """Draw the learning curve and the classifier's hits and mistakes; write the series for `dvc plots`."""
    epochs = pd.read_csv(CURVE)
    show(learning_curve.draw_curve(epochs, params.selection_metric), "learning_curve", params)
    show(labels.draw_f1(read_classes()), "f1_by_label", params)
    test = read_listing(TEST_PREDICTIONS)
    pairs = confusion.count_pairs(test)
    pairs.to_csv(CONFUSION, index=False)
    names = in_scope(read_labels(LABELS))
    show(confusion.draw_confusion(pairs, names), "confusion_matrix", params)
    show(confusion.draw_confusion(pairs, names, percent=True), "confusion_shares", params)
    show(confusion.draw_confused_pairs(pairs, params.plots.confused_pairs), "confused_pairs", params)
    draw_map(test, params)
    draw_before_and_after(params)
    draw_calibration(test, params)
    texts = pd.read_parquet(RAW, columns=["id", "text"])
    rows = extreme_rows.extreme_rows(read_listing(VALIDATION_PREDICTIONS), texts, params.plots.loss_rows)
    rows.to_csv(EXTREMES, index=False, quoting=csv.QUOTE_NONNUMERIC)  # a carriage return needs quotes
    show(extreme_rows.draw_extremes(rows), "extreme_rows", params)
    show(robustness.draw_changes(pd.read_csv(ROBUSTNESS, keep_default_na=False, na_values="")), "robustness", params)


def draw_map(test: pd.DataFrame, params: Params) -> None:
    """Draw the test rows' vectors, or those of a sample, in two dimensions, if the method has vectors."""
    vectors = read_predictions(TEST_PREDICTED).vectors
    if vectors is not None and len(vectors) >= map.MIN_ROWS:
        drawn = map.sample(len(vectors), params.plots.map_seed)
        print(f"placing {len(drawn):,} of {len(vectors):,} test rows on the map", flush=True)
        points = map.place(vectors[drawn], params.plots.map_seed)
        names = in_scope(read_labels(LABELS))
        show(map.draw_map(points, test.iloc[drawn], names, len(test)), "map", params)


def draw_before_and_after(params: Params) -> None:
    """Draw training rows as the frozen body and as the trained classifier sees them, if training changes vectors."""
    table = pd.read_parquet(TRAINING_VECTORS)
    if len(table) >= map.MIN_ROWS:
        before, after = (
            map.place(np.stack(table[name].tolist()), params.plots.map_seed) for name in ("before", "after")
        )
        rows = len(read_listed(LISTED / "train.csv"))
        figure = map.draw_before_and_after(before, after, table["label"], in_scope(read_labels(LABELS)), rows)
        show(figure, "map_of_training", params)


def draw_calibration(test: pd.DataFrame, params: Params) -> None:
    """Draw the reliability diagram, with a temperature also the one without it; write its series."""
    bins = params.evaluation.ece_bins
    scores = json.loads(TEST.read_text(encoding="utf-8")) | json.loads(CALIBRATION.read_text(encoding="utf-8"))
    table = reliability.reliability_table(test, bins)
    table.to_csv(RELIABILITY, index=False)
    before = None
    if "ece_before" in scores:
        plain = softmax(read_predictions(TEST_PREDICTED).logits).max(axis=1)
        before = reliability.reliability_table(test.assign(confidence=plain), bins)
    show(reliability.draw_reliability(table, before, bins, scores), "reliability", params)


def draw_oos(params: Params) -> None:
    """Draw how well out-of-scope rows are detected, if the run has an oos.method."""
    table = read_listing(OOS)
    if len(table):
        show(oos.draw_scores(table), "oos_scores", params)
        show(oos.draw_risk(table), "oos_risk_coverage", params)
        if table["actual"].map(is_out).any():
            show(oos.draw_roc(table), "oos_roc", params)


def show(figure: Figure, name: str, params: Params) -> None:
    """Write `figure` to plots/pictures/<name>.png."""
    style.save(figure, PICTURES / f"{name}.png", params.plots.dpi)


def main() -> None:
    """Write plots/pictures, plots/confusion.csv, plots/reliability.csv and plots/extreme_rows.csv."""
    params = read_params()
    PICTURES.mkdir(parents=True, exist_ok=True)
    draw_data(params)
    draw_results(params)
    draw_oos(params)


if __name__ == "__main__":
    process.run(main)
