"""What an export did to a classifier: labels, accuracy, size and speed, on the test rows."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from tools.lib.model import CLASSIFIER, Model, load_model
from tools.lib.results import processor
from tools.lib.runs import Run
from tools.lib.speed import Answer, measure

MOST = 2000  # test rows whose answers are timed
SHOWN = {
    "accuracy": "accuracy on test",
    "size_mb": "MB",
    "rows_per_second": "rows a second",
    "p50_ms": "ms for one text, median",
    "p95_ms": "and 95th percentile",
}


def verified(models: dict[str, Model], run: Run) -> dict[str, Any]:
    """Return what became of labels, accuracy, size and speed between the two `models`, on the run's test rows."""
    actual = run.predictions["actual"]
    texts = run.test_texts
    before, after = (model.answer(texts) for model in models.values())
    times = measure({name: partial(answerer, model.folder) for name, model in models.items()}, texts[:MOST])
    sides = {
        name: {
            "accuracy": round(float(np.mean(found.intents == actual)), 4),
            "size_mb": size(models[name]),
            **times[name].speed,
        }
        for name, found in zip(models, (before, after), strict=True)
    }
    return {
        "rows": len(texts),
        "label_agreement": round(float(np.mean(np.array(before.intents) == after.intents)), 4),
        "answer_agreement": round(float(np.mean(np.array(before.predicted) == after.predicted)), 4),
        "largest_difference": float(f"{np.abs(before.probabilities - after.probabilities).max():.2g}"),
        **sides,
        "processor": processor(),
    }


def answerer(folder: Path) -> Answer:
    """Return what gives the labels of the model in `folder` to texts."""
    model = load_model(folder)
    return lambda texts: model.answer(texts).intents


def size(model: Model) -> float:
    """Return the megabytes of the classifier's files."""
    files = (model.folder / CLASSIFIER).rglob("*")
    return round(sum(file.stat().st_size for file in files if file.is_file()) / 1e6, 1)


def table(report: dict[str, Any]) -> str:
    """Return the report as Markdown."""
    rows = [f"| {title} | {report['before'][key]} | {report['after'][key]} |" for key, title in SHOWN.items()]
    agreement = f"{report['label_agreement']:.2%} of {report['rows']:,} test rows get the same label, "
    agreement += f"{report['answer_agreement']:.2%} the same answer, out of scope included."
    return "\n".join(["| | PyTorch | ONNX |", "|---|---|---|", *rows, "", agreement])
