"""Evaluate: the classifier's predictions on validation and test rows, and the scores of both."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
from safetensors.numpy import save_file
from sklearn.metrics import precision_recall_fscore_support

from stages import classifiers
from stages.lib import scores, stage
from stages.lib.metric_modules import LabelScores, ProbabilityScores
from stages.lib.outputs import new, write_json
from stages.lib.params import read_params
from stages.lib.rows import Rows, read_labels, read_rows, read_tokens

LABELS = Path("data/raw/labels.json")
TOKENIZED = Path("data/tokenized/rows.parquet")
VALIDATION_ROWS = Path("data/splits/validation.csv")
TEST_ROWS = Path("data/splits/test.csv")
CLASSIFIER = Path("models/classifier")
VALIDATION = Path("metrics/validation.json")
TEST = Path("metrics/test.json")
VALIDATION_PREDICTIONS = Path("metrics/predictions/validation.json")
TEST_PREDICTIONS = Path("metrics/predictions/test.json")
CLASSES = Path("plots/classes.csv")
TEST_VECTORS = Path("data/vectors/test.safetensors")

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


def predictions(rows: Rows, probabilities: scores.Probabilities, labels: list[str]) -> pd.DataFrame:
    """Return id, actual, predicted, confidence (the predicted label's probability) and loss (-ln p(actual)) a row."""
    return pd.DataFrame(
        {
            "id": rows.ids,
            "actual": [labels[number] for number in rows.labels],
            "predicted": [labels[number] for number in probabilities.argmax(axis=1)],
            "confidence": probabilities.max(axis=1).round(DIGITS),
            "loss": scores.row_losses(rows.labels, probabilities).round(DIGITS),
        }
    )


def per_class(table: pd.DataFrame, labels: list[str]) -> pd.DataFrame:
    """Return precision, recall, F1 and support of every label, in the labels' order; 0 where nothing defines it."""
    found = precision_recall_fscore_support(table["actual"], table["predicted"], labels=labels, zero_division=0)
    columns = zip(("precision", "recall", "f1", "support"), found, strict=True)
    return pd.DataFrame({"label": labels} | {name: np.round(values, DIGITS) for name, values in columns})


def write_predictions(table: pd.DataFrame, path: Path) -> None:
    """Write `table` as JSON, a list a row, the column names first; a row a line, for a readable diff.

    Not CSV: DVC keeps it in git without losing the stage's run-cache only as a metric or a plot, would embed a CSV
    plot whole into every page, and passes over a metric that is a list.
    """
    lines = [json.dumps(row, ensure_ascii=False) for row in [list(table.columns), *table.to_numpy().tolist()]]
    new(path).write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


def main() -> None:
    """Write the scores and predictions of both splits, and for test plots/classes.csv and what the map is drawn of."""
    params = read_params()
    labels, tokens = read_labels(LABELS), read_tokens(TOKENIZED)
    classifier = classifiers.load(CLASSIFIER, stage.vectors_folder())
    outputs = {
        VALIDATION_ROWS: (VALIDATION, VALIDATION_PREDICTIONS),
        TEST_ROWS: (TEST, TEST_PREDICTIONS),
    }
    for split, (metrics, listing) in outputs.items():
        rows = read_rows(split, tokens, labels)
        found = classifier.predict(rows, params.eval_batch_size, split.stem)
        write_json(metrics, headline(rows.labels, found.probabilities, params.evaluation.ece_bins))
        table = predictions(rows, found.probabilities, labels)
        write_predictions(table, listing)
    per_class(table, labels).to_csv(new(CLASSES), index=False)
    vectors = {} if found.vectors is None else {"vectors": np.ascontiguousarray(found.vectors)}
    save_file(vectors, new(TEST_VECTORS))


if __name__ == "__main__":
    stage.run(main)
