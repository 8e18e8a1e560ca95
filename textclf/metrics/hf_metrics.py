"""The scores as Hugging Face `evaluate` modules.

`evaluate.load("accuracy")` fetches code from the network at run time. These are classes of our own, instantiated
directly, with the definitions in this folder.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import datasets
import numpy as np

from textclf.metrics import scores
from textclf.metrics.calibration import expected_calibration_error
from textclf.metrics.selection import accuracy, log_loss, macro_f1


@contextmanager
def _hidden(package: str) -> Iterator[None]:
    """Make `package` look as if it were not installed, unless it is imported already."""
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[package]


with _hidden("transformers"):  # optional for evaluate, which would load torch for pipelines that nothing here uses
    import evaluate

LABEL_SCORES = {
    "accuracy": accuracy,
    "macro_f1": macro_f1,
    "weighted_f1": scores.weighted_f1,
    "macro_precision": scores.macro_precision,
    "macro_recall": scores.macro_recall,
}


class LabelScores(evaluate.Metric):  # type: ignore[misc]
    """Scores of the predicted labels: accuracy, macro and weighted F1, macro precision, macro recall.

    >>> LabelScores(keep_in_memory=True).compute(predictions=[0, 1, 1], references=[0, 1, 0])["accuracy"]
    0.6666666666666666
    """

    def _info(self) -> evaluate.MetricInfo:
        features = {"predictions": datasets.Value("int64"), "references": datasets.Value("int64")}
        return _info("\n".join(f"{name}: {score.__doc__}" for name, score in LABEL_SCORES.items()), features)

    def _compute(self, predictions: list[int], references: list[int]) -> dict[str, float]:
        actual, predicted = np.asarray(references), np.asarray(predictions)
        return {name: score(actual, predicted) for name, score in LABEL_SCORES.items()}


class ProbabilityScores(evaluate.Metric):  # type: ignore[misc]
    """Scores of the probabilities: log-loss, expected calibration error, macro one-vs-one ROC-AUC.

    >>> metric = ProbabilityScores(keep_in_memory=True)
    >>> metric.compute(predictions=[[0.9, 0.1], [0.9, 0.1]], references=[0, 1], ece_bins=10)["ece"]
    0.4
    """

    def _info(self) -> evaluate.MetricInfo:
        row = datasets.Sequence(datasets.Value("float64"))
        definitions = (log_loss, expected_calibration_error, scores.roc_auc)
        described = "\n".join(f"{score.__name__}: {score.__doc__}" for score in definitions)
        return _info(described, {"predictions": row, "references": datasets.Value("int64")})

    def _compute(self, predictions: list[list[float]], references: list[int], ece_bins: int) -> dict[str, float]:
        actual, probabilities = np.asarray(references), np.asarray(predictions)
        return {
            "roc_auc": scores.roc_auc(actual, probabilities),
            "log_loss": log_loss(actual, probabilities),
            "ece": expected_calibration_error(actual, probabilities, ece_bins),
        }


def _info(description: str, features: dict[str, Any]) -> evaluate.MetricInfo:
    return evaluate.MetricInfo(
        description=description, citation="", inputs_description="", features=datasets.Features(features)
    )
