"""The ways to label texts, and the speed of each."""

import tempfile
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
from tools.timing import Labeler, time_labelers


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
        loaders = {
            "`transformers.pipeline`": pipeline,
            "`transformers.pipeline`, `batch_size=64`": partial(pipeline, batch_size=64),
            "`tools.predict`, PyTorch": partial(load_labeler, MODEL),
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
    }
