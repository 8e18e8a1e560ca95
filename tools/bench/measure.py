"""The ways to label texts, and the speed of each."""

import tempfile
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from textclf.classifiers.encoder import Encoder
from textclf.encoders.machine import processor_name
from textclf.inference.files import MODEL, write_checksums
from textclf.inference.model import load_model
from tools.export import onnx_graph
from tools.export.report import load_labeler
from tools.runs.run import Run
from tools.timing import SINGLES, Labeler, time_labelers


def load_pipeline(folder: Path, batch_size: int | None = None) -> Labeler:
    """Return transformers' pipeline as a function from texts to labels, with its defaults except for `batch_size`."""
    from transformers import pipeline

    from textclf.encoders.quiet import quiet_transformers

    quiet_transformers()
    classify: Any = pipeline("text-classification", str(folder), batch_size=batch_size)
    return lambda texts: [answer["label"] for answer in classify(texts)]


def exported(classifier: Encoder, folder: Path) -> dict[str, Path]:
    """Write the classifier in each form below `folder`; return the forms' folders."""
    classifier.save(folder / "hugging-face")
    rules = load_model()
    for name, int8 in (("onnx", False), ("int8", True)):
        onnx_graph.save(classifier, folder / name, int8)
        rules.copy_rules(folder / name)
        write_checksums(folder / name)
    return {name: folder / name for name in ("hugging-face", "onnx", "int8")}


def result(run: Run, classifier: Encoder) -> dict[str, Any]:
    """Return the speed and the accuracy of each way to label the run's test rows."""
    actual = run.predictions["actual"]
    texts = run.test_texts
    with tempfile.TemporaryDirectory() as temporary:
        folders = exported(classifier, Path(temporary))
        pipeline = partial(load_pipeline, folders["hugging-face"])
        loaders: dict[str, Callable[[], Labeler]] = {
            "`transformers.pipeline`": pipeline,
            "`transformers.pipeline`, `batch_size=64`": partial(pipeline, batch_size=64),
            f"`tools.predict`, PyTorch in {classifier.precision}": partial(load_labeler, MODEL),
            **({"`tools.predict`, PyTorch in fp32": load_in_fp32} if classifier.precision == "bf16" else {}),
            "`tools.predict`, exported": partial(load_labeler, folders["onnx"]),
            "`tools.predict`, exported with `--int8`": partial(load_labeler, folders["int8"]),
        }
        timed = time_labelers(loaders, texts)
    ways = [
        {"way": way, **measured.speed, "accuracy": round(float(np.mean(measured.labels == actual)), 4)}
        for way, measured in timed.items()
    ]
    return {
        "dataset": run.params["dataset"],
        "rows": len(texts),
        "commit": run.revision.commit,
        "processor": processor_name(),
        "threads": torch.get_num_threads(),
        "versions": {name: version(name) for name in ("torch", "transformers", "onnxruntime")},
        "ways": ways,
        "changes": changes(texts),
    }


def load_in_fp32() -> Labeler:
    """Return the pipeline's model as a function from texts to labels, computed in fp32."""
    model = load_model(exact=True).in_fp32()
    return lambda texts: model.predict(texts).intents


def changes(texts: list[str]) -> dict[str, float]:
    """Return what fp32 changes: the labels and the largest difference of a probability; and what a batch changes."""
    served = load_model()
    answers, alone = served.predict(texts), [served.predict([text]).probabilities[0] for text in texts[:SINGLES]]
    fp32 = load_model(exact=True).in_fp32().predict(texts)
    together = answers.probabilities[:SINGLES]
    return {
        "labels_in_fp32": int(np.sum(np.array(answers.intents) != fp32.intents)),
        "probability_in_fp32": float(f"{np.abs(answers.probabilities - fp32.probabilities).max():.2g}"),
        "probability_alone": float(f"{np.abs(together - alone).max():.2g}"),
    }
