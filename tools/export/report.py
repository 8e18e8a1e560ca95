"""An export compared with the original: labels, accuracy, size and speed, on the test rows."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from textclf.encoders.machine import processor_name
from textclf.inference.model import Answers, Model, load_model
from tools import markdown_table
from tools.runs.run import Run
from tools.timing import Labeler, time_labelers

TIMED_ROWS = 2000  # at most
SHOWN = {
    "accuracy": "accuracy on test",
    "size_mb": "MB",
    "rows_per_second": "rows per second",
    "p50_ms": "ms for one text, median",
    "p95_ms": "and 95th percentile",
}


def verify(models: dict[str, Model], after: Answers, run: Run) -> dict[str, Any]:
    """Return labels, accuracy, size and speed of the `models` before and after compared, on the run's test rows.

    `after` are the answers of the second one.
    """
    actual = run.predictions["actual"]
    texts = run.test_texts
    before = models["before"].predict(texts, desc="verify before")
    times = time_labelers(
        {name: partial(load_labeler, model.folder) for name, model in models.items()}, texts[:TIMED_ROWS]
    )
    sides = {
        name: {
            "accuracy": round(float(np.mean(answers.intents == actual)), 4),
            "size_mb": size(models[name]),
            **times[name].speed,
        }
        for name, answers in zip(models, (before, after), strict=True)
    }
    return {
        "rows": len(texts),
        "label_agreement": round(float(np.mean(np.array(before.intents) == after.intents)), 4),
        "answer_agreement": round(float(np.mean(np.array(before.predicted) == after.predicted)), 4),
        "largest_difference": float(f"{np.abs(before.probabilities - after.probabilities).max():.2g}"),
        **sides,
        "processor": processor_name(),
    }


def load_labeler(folder: Path) -> Labeler:
    """Return a function from texts to the labels of the model in `folder`."""
    model = load_model(folder)
    return lambda texts: model.predict(texts).intents


def size(model: Model) -> float:
    """Return the megabytes of the model's files."""
    files = model.folder.rglob("*")
    return round(sum(file.stat().st_size for file in files if file.is_file()) / 1e6, 1)


def table(report: dict[str, Any]) -> str:
    """Return the report as Markdown."""
    rows = [[title, str(report["before"][key]), str(report["after"][key])] for key, title in SHOWN.items()]
    agreement = f"{report['label_agreement']:.2%} of {report['rows']:,} test rows get the same label, "
    agreement += f"{report['answer_agreement']:.2%} the same answer, out of scope included."
    return "\n".join([*markdown_table.table(["", "PyTorch", "ONNX"], rows), "", agreement])
