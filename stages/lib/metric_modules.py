"""The scores as Hugging Face `evaluate` modules.

`evaluate.load("accuracy")` fetches code from the network at run time; these are classes of our own, instantiated
directly, on the definitions in stages/lib/scores.py.
"""

from typing import Any

import datasets
import evaluate
import numpy as np

from stages.lib import scores

LABEL_SCORES = {
    "accuracy": scores.accuracy,
    "macro_f1": scores.macro_f1,
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

    >>> modules = ProbabilityScores(keep_in_memory=True)
    >>> modules.compute(predictions=[[0.9, 0.1], [0.9, 0.1]], references=[0, 1], ece_bins=10)["ece"]
    0.4
    """

    def _info(self) -> evaluate.MetricInfo:
        row = datasets.Sequence(datasets.Value("float64"))
        definitions = (scores.log_loss, scores.expected_calibration_error, scores.roc_auc)
        described = "\n".join(f"{score.__name__}: {score.__doc__}" for score in definitions)
        return _info(described, {"predictions": row, "references": datasets.Value("int64")})

    def _compute(self, predictions: list[list[float]], references: list[int], ece_bins: int) -> dict[str, float]:
        actual, probabilities = np.asarray(references), np.asarray(predictions)
        return {
            "roc_auc": scores.roc_auc(actual, probabilities),
            "log_loss": scores.log_loss(actual, probabilities),
            "ece": scores.expected_calibration_error(actual, probabilities, ece_bins),
        }


def _info(description: str, features: dict[str, Any]) -> evaluate.MetricInfo:
    return evaluate.MetricInfo(
        description=description, citation="", inputs_description="", features=datasets.Features(features)
    )
