"""A model as an ONNX graph with its rules, verified on the test rows."""

from pathlib import Path
from typing import Any

import numpy as np

from textclf.errors import InputError
from textclf.inference.files import REPORT, write_checksums
from textclf.inference.model import Answers, Model, load_model
from textclf.outputs import write_json
from tools.card.card import write_card
from tools.export.report import table, verify
from tools.runs.model_commit import pipeline_commit
from tools.runs.run import Run

CLOSE = 1e-4  # the effect of another order of additions on a probability


def check_target(folder: Path) -> None:
    """Raise `InputError` if `folder` exists and is not an export, which would be overwritten."""
    if folder.exists() and not (folder / REPORT).is_file():
        raise InputError(f"{folder} exists and is not an export; choose another folder with --out")


def difference_in_fp32(model: Model, exported: Answers, texts: list[str]) -> float:
    """Return the largest difference between the `exported` answers' probabilities and those of `model` in fp32."""
    before = model.in_fp32().predict(texts, desc="fp32 before")
    return float(f"{np.abs(before.probabilities - exported.probabilities).max():.2g}")


def export(model: Model, run: Run, folder: Path, int8: bool) -> dict[str, Any]:
    """Write `model` as a graph into `folder` with its rules, report and card; return the report."""
    from tools.export import onnx_graph  # imports torch, ten seconds with its imports; mistakes are reported before

    onnx_graph.save(model.classifier, folder, int8)
    model.copy_rules(folder)
    write_checksums(folder)
    exported = load_model(folder)
    answers = exported.predict(run.test_texts, desc="verify after")
    if not int8 and (difference := difference_in_fp32(model, answers, run.test_texts)) > CLOSE:
        raise InputError(f"the graph's probabilities differ by up to {difference} from the classifier's; not exported")
    comparison = verify({"before": model, "after": exported}, answers, run)
    report = {"format": "onnx", "int8": int8, "commit": pipeline_commit(run.revision)} | comparison
    write_json(folder / REPORT, report)
    name = f"{run.params['dataset']}-{'onnx-int8' if int8 else 'onnx'}"
    write_card(folder, run, model, name, export=report | {"table": table(report)})
    return report
