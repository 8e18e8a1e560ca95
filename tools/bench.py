"""Benchmark: the classifier by transformers' pipeline, by this project, and exported; `make bench`.

All answer the same test rows in one run, at once and one by one. Kept in results/speed/ for the README's table.
"""

import sys
import tempfile
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from stages.lib.encoders import Encoder
from stages.lib.errors import InputError
from stages.lib.outputs import write_json
from tools.lib import onnx_graph, speed_table
from tools.lib.export_report import answerer
from tools.lib.guard import refuse_stale
from tools.lib.model import CLASSIFIER, MODELS, load_model
from tools.lib.results import processor
from tools.lib.revisions import WORKSPACE, refuse_uncommitted, resolve
from tools.lib.runs import Run
from tools.lib.speed import Answer, measure


def pipeline_answerer(folder: Path, batch_size: int | None = None) -> Answer:
    """Return what gives labels by transformers' pipeline, as it comes but for `batch_size`."""
    from transformers import pipeline

    from stages.lib.quiet import quiet_transformers

    quiet_transformers()
    classify: Any = pipeline("text-classification", str(folder), batch_size=batch_size)
    return lambda texts: [found["label"] for found in classify(texts)]


def exported(classifier: Encoder, folder: Path) -> dict[str, Path]:
    """Write the classifier in each form below `folder`; return the forms' folders."""
    classifier.save(folder / "hugging-face")
    for name, int8 in (("onnx", False), ("int8", True)):
        onnx_graph.save(classifier, folder / name / CLASSIFIER, int8)
    return {name: folder / name for name in ("hugging-face", "onnx", "int8")}


def result(run: Run, classifier: Encoder) -> dict[str, Any]:
    """Return the speed and the accuracy of each way to have the run's test rows classified."""
    actual = run.predictions["actual"]
    texts = run.test_texts
    with tempfile.TemporaryDirectory() as temporary:
        folders = exported(classifier, Path(temporary))
        pipeline = partial(pipeline_answerer, folders["hugging-face"])
        loaders = {
            "`transformers.pipeline`": pipeline,
            "`transformers.pipeline`, `batch_size=64`": partial(pipeline, batch_size=64),
            "`tools.predict`, PyTorch": partial(answerer, MODELS),
            "`tools.predict`, exported": partial(answerer, folders["onnx"]),
            "`tools.predict`, exported with `--int8`": partial(answerer, folders["int8"]),
        }
        found = measure(loaders, texts)
    ways = [
        {
            "way": way,
            **measured.speed,
            "accuracy": round(float(np.mean(measured.labels == actual)), 4),
        }
        for way, measured in found.items()
    ]
    return {
        "dataset": run.params["dataset"],
        "rows": len(texts),
        "commit": run.revision.commit,
        "processor": processor(),
        "threads": torch.get_num_threads(),
        "versions": {name: version(name) for name in ("torch", "transformers", "onnxruntime")},
        "ways": ways,
    }


def main() -> None:
    """Measure, write results/speed/<dataset>.json, and print the table."""
    run = Run(resolve(WORKSPACE))
    try:
        refuse_stale(run)
        refuse_uncommitted()
        classifier = load_model(MODELS).classifier
        if not isinstance(classifier, Encoder):
            raise InputError(f"transformers.pipeline can't load what method {run.params['method']} leaves")
    except InputError as error:
        sys.exit(f"error: {error}")
    write_json(speed_table.path(run.params["dataset"]), result(run, classifier))
    print("\n".join(speed_table.rows(run.params["dataset"])))


if __name__ == "__main__":
    main()
