"""Evaluate: score the classifier's calibrated predictions on the validation and test rows that are in scope."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import precision_recall_fscore_support

from textclf import process
from textclf.metrics.calibration import expected_calibration_error
from textclf.metrics.hf_metrics import LabelScores, ProbabilityScores
from textclf.metrics.listing import write_listing
from textclf.metrics.scores import roc_auc_influence
from textclf.metrics.selection import log_loss
from textclf.oos.labels import in_scope
from textclf.outputs import ensure_parent, write_json
from textclf.params import read_params
from textclf.predictions import Predictions, read_predictions
from textclf.probabilities import Labels, Probabilities, label_ids, row_losses, softmax
from textclf.rows import read_labels

LABELS = Path("data/raw/labels.json")
VALIDATION_PREDICTED = Path("data/predicted/validation.parquet")
TEST_PREDICTED = Path("data/predicted/test.parquet")
CALIBRATION = Path("models/calibration.json")
VALIDATION = Path("metrics/validation.json")
TEST = Path("metrics/test.json")
CALIBRATION_SCORES = Path("metrics/calibration.json")
VALIDATION_PREDICTIONS = Path("metrics/predictions/validation.json")
TEST_PREDICTIONS = Path("metrics/predictions/test.json")
CLASSES = Path("plots/classes.csv")

DIGITS = 4


def headline(actual: Labels, probabilities: Probabilities, ece_bins: int) -> dict[str, float]:
    """Return the flat headline numbers, rounded; a score that these rows don't define is left out."""
    if not len(actual):
        return {"rows": 0}
    predicted = probabilities.argmax(axis=1)
    scores = LabelScores(keep_in_memory=True).compute(predictions=predicted, references=actual)
    scores |= ProbabilityScores(keep_in_memory=True).compute(
        predictions=probabilities, references=actual, ece_bins=ece_bins
    )
    rounded = {name: round(score, DIGITS) for name, score in scores.items() if not math.isnan(score)}
    return rounded | {"rows": len(actual)}


def calibration(actual: Labels, predictions: Predictions, temperature: float, ece_bins: int) -> dict[str, float]:
    """Return the temperature and, if it changes anything, log-loss and calibration error without it."""
    if temperature == 1:
        return {"temperature": temperature}
    before = softmax(predictions.logits)
    ece = expected_calibration_error(actual, before, ece_bins)
    loss = log_loss(actual, before)
    return {"temperature": temperature, "log_loss_before": round(loss, DIGITS), "ece_before": round(ece, DIGITS)}


def listing(predictions: Predictions, probabilities: Probabilities, labels: list[str]) -> pd.DataFrame:
    """Return a row of id, actual, predicted, confidence, loss and auc for each prediction.

    `confidence` is the predicted label's probability, `loss` is -ln p(actual), `auc` the influence on roc_auc.
    """
    actual = label_ids(predictions.actual, labels)
    return pd.DataFrame(
        {
            "id": predictions.ids,
            "actual": predictions.actual,
            "predicted": [labels[number] for number in probabilities.argmax(axis=1)],
            "confidence": probabilities.max(axis=1).round(DIGITS),
            "loss": row_losses(actual, probabilities).round(DIGITS),
            "auc": roc_auc_influence(actual, probabilities).round(DIGITS) + 0.0,  # no -0.0
        }
    )


def per_class(table: pd.DataFrame, labels: list[str]) -> pd.DataFrame:
    """Return precision, recall, F1 and support of every label, in the labels' order; 0 where nothing defines it."""
    scores = precision_recall_fscore_support(table["actual"], table["predicted"], labels=labels, zero_division=0)
    columns = zip(("precision", "recall", "f1", "support"), scores, strict=True)
    return pd.DataFrame({"label": labels} | {name: np.round(values, DIGITS) for name, values in columns})


def main() -> None:
    """Write scores and predictions of both splits, and for test metrics/calibration.json and plots/classes.csv."""
    bins, labels = read_params().evaluation.ece_bins, in_scope(read_labels(LABELS))
    temperature = json.loads(CALIBRATION.read_text(encoding="utf-8"))["temperature"]
    outputs = {VALIDATION_PREDICTED: (VALIDATION, VALIDATION_PREDICTIONS), TEST_PREDICTED: (TEST, TEST_PREDICTIONS)}
    for path, (metrics, listed) in outputs.items():
        predictions = read_predictions(path)
        probabilities = softmax(predictions.logits / temperature)
        actual = label_ids(predictions.actual, labels)
        write_json(metrics, headline(actual, probabilities, bins))
        table = listing(predictions, probabilities, labels)
        write_listing(table, listed)
    write_json(CALIBRATION_SCORES, calibration(actual, predictions, temperature, bins))
    per_class(table, labels).to_csv(ensure_parent(CLASSES), index=False)


if __name__ == "__main__":
    process.run(main)
