"""Evaluate: the scores of the classifier's calibrated predictions on validation and test rows that are in scope."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import precision_recall_fscore_support

from stages.lib import scores, stage
from stages.lib.listing import write_listing
from stages.lib.metric_modules import LabelScores, ProbabilityScores
from stages.lib.out_of_scope import in_scope
from stages.lib.outputs import new, write_json
from stages.lib.params import read_params
from stages.lib.predictions import Predictions, read_predictions
from stages.lib.rows import read_labels

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


def headline(actual: scores.Labels, probabilities: scores.Probabilities, ece_bins: int) -> dict[str, float]:
    """Return the flat headline numbers, rounded; a score that these rows don't define is left out."""
    predicted = probabilities.argmax(axis=1)
    found = LabelScores(keep_in_memory=True).compute(predictions=predicted, references=actual)
    found |= ProbabilityScores(keep_in_memory=True).compute(
        predictions=probabilities, references=actual, ece_bins=ece_bins
    )
    return {name: round(score, DIGITS) for name, score in found.items() if not math.isnan(score)} | {
        "rows": len(actual)
    }


def calibration(actual: scores.Labels, found: Predictions, temperature: float, ece_bins: int) -> dict[str, float]:
    """Return the temperature, and if it changes anything log-loss and calibration error without it."""
    if temperature == 1:
        return {"temperature": temperature}
    before = scores.softmax(found.logits)
    ece = scores.expected_calibration_error(actual, before, ece_bins)
    log_loss = scores.log_loss(actual, before)
    return {"temperature": temperature, "log_loss_before": round(log_loss, DIGITS), "ece_before": round(ece, DIGITS)}


def predictions(found: Predictions, probabilities: scores.Probabilities, labels: list[str]) -> pd.DataFrame:
    """Return id, actual, predicted, confidence (the predicted label's probability) and loss (-ln p(actual)) a row."""
    return pd.DataFrame(
        {
            "id": found.ids,
            "actual": found.actual,
            "predicted": [labels[number] for number in probabilities.argmax(axis=1)],
            "confidence": probabilities.max(axis=1).round(DIGITS),
            "loss": scores.row_losses(found.numbers(labels), probabilities).round(DIGITS),
        }
    )


def per_class(table: pd.DataFrame, labels: list[str]) -> pd.DataFrame:
    """Return precision, recall, F1 and support of every label, in the labels' order; 0 where nothing defines it."""
    found = precision_recall_fscore_support(table["actual"], table["predicted"], labels=labels, zero_division=0)
    columns = zip(("precision", "recall", "f1", "support"), found, strict=True)
    return pd.DataFrame({"label": labels} | {name: np.round(values, DIGITS) for name, values in columns})


def main() -> None:
    """Write scores and predictions of both splits, and for test metrics/calibration.json and plots/classes.csv."""
    bins, labels = read_params().evaluation.ece_bins, in_scope(read_labels(LABELS))
    temperature = json.loads(CALIBRATION.read_text(encoding="utf-8"))["temperature"]
    outputs = {VALIDATION_PREDICTED: (VALIDATION, VALIDATION_PREDICTIONS), TEST_PREDICTED: (TEST, TEST_PREDICTIONS)}
    for path, (metrics, listing) in outputs.items():
        found = read_predictions(path)
        probabilities = scores.softmax(found.logits / temperature)
        actual = found.numbers(labels)
        write_json(metrics, headline(actual, probabilities, bins))
        table = predictions(found, probabilities, labels)
        write_listing(table, listing)
    write_json(CALIBRATION_SCORES, calibration(actual, found, temperature, bins))
    per_class(table, labels).to_csv(new(CLASSES), index=False)


if __name__ == "__main__":
    stage.run(main)
