"""The model card: a run's results as Markdown with the metadata that the Hub reads."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult, ModelCard, ModelCardData
from jinja2 import Environment, StrictUndefined
from ruamel.yaml import YAML

from textclf.inference.model import Model
from textclf.revisions import origin, uncommitted
from tools import markdown_table
from tools.card import numbers
from tools.runs.config import AFTER, unread
from tools.runs.records import read_record
from tools.runs.run import Run

TEMPLATE = Path(__file__).with_name("card.md")
PICTURES = {"confusion_matrix.png": "Confusion matrix", "reliability.png": "Reliability diagram"}
ON_THE_HUB = {"accuracy": "accuracy", "macro_f1": "f1", "macro_precision": "precision", "macro_recall": "recall"}
HUGGING_FACE = ("full", "distil", "head", "lora")  # methods whose published classifier transformers loads by itself
Report = dict[str, Any]
PACKAGES = ("torch", "transformers", "scikit-learn", "numpy")


def write_card(
    folder: Path, run: Run, model: Model, name: str, license: str | None = None, export: Report | None = None
) -> None:
    """Write the card of the run's `model` and its pictures into `folder`.

    `export` is the report of an exported model, with `table`, which compares it with `model`.

    `name` is the card's title: the repository's name on the Hub or a folder's.
    """
    for picture in PICTURES:
        (folder / picture).write_bytes(run.revision.read(f"plots/pictures/{picture}"))
    card = ModelCard(
        f"---\n{_metadata(run, name, license, export).to_yaml()}\n---\n\n{_text(run, model, name, license, export)}"
    )
    card.save(folder / "README.md")


def _metadata(run: Run, name: str, license: str | None, export: Report | None) -> ModelCardData:
    scores = {"accuracy": export["after"]["accuracy"]} if export else run.scores
    results = [
        EvalResult(
            task_type="text-classification",
            dataset_type=run.params["dataset"],
            dataset_name=run.params["dataset"],
            dataset_split="test",
            metric_type=ON_THE_HUB.get(score, score),
            metric_name=score.replace("_", " "),
            metric_value=value,
        )
        for score, value in scores.items()
        if score != "rows"
    ]
    return ModelCardData(
        model_name=name.split("/")[-1],
        license=license,
        language=_source(run)["language"],
        library_name="transformers" if run.params["method"] in HUGGING_FACE and not export else None,
        pipeline_tag="text-classification",
        tags=["text-classification", *(["onnx"] if export else [])],
        base_model=checkpoint(run).get("hub"),
        metrics=["accuracy", "f1"],
        eval_results=results,
    )


def _text(run: Run, model: Model, name: str, license: str | None, export: Report | None) -> str:
    environment = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"cell": markdown_table.cell, "code": markdown_table.code}
    environment.filters |= {"interval": format_interval, "number": format_number}
    pins = run.revision.read("requirements.txt").decode().split()
    kinds = ("data", "split", "tokens", "test")
    texts: str = environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        name=name,
        source=_source(run),
        example=json.dumps(_source(run)["example"] or "a text", ensure_ascii=False),
        origin=origin(),
        params=run.params,
        used=used_parameters(run),
        checkpoint=checkpoint(run),
        labels=model.labels,
        model=model,
        alone=run.params["method"] in HUGGING_FACE and not export,
        scores=numbers.score_rows(run),
        slices=numbers.slice_rows(run),
        robustness=numbers.robustness_rows(run),
        expectations=run.expectations,
        weakest=numbers.weakest_labels(run),
        files=numbers.data_files(run),
        oos=run.oos_scores,
        metrics={kind: run.revision.json(f"metrics/{kind}.json") for kind in kinds},
        pictures=PICTURES,
        license=license,
        record=read_record(run),
        commit=run.revision.commit,
        changed=run.revision.sha is None and uncommitted() is not None,
        packages=[pin for pin in pins if pin.split("==")[0] in PACKAGES],
        export=export,
    )
    return texts


def _source(run: Run) -> dict[str, Any]:
    absent = {"about": "", "license": "", "language": None, "example": ""}
    return absent | run.revision.yaml(f"data/sources/{run.params['dataset']}.yaml")


def checkpoint(run: Run) -> dict[str, str]:
    """Return the checkpoint's origin and its spec's description; empty if the method uses none."""
    if run.params["method"] == "baseline":
        return {}
    path = f"models/checkpoints/{run.params['model']}.yaml"
    spec = run.revision.yaml(path) if run.revision.tracked(path) else {}
    pinned: dict[str, str] = run.revision.json("data/tokenized/checkpoint.json")
    return {"about": spec.get("about", "")} | pinned


def used_parameters(run: Run) -> str:
    """Return the parameters that the run's stages and its method read, as YAML."""
    params: dict[str, Any] = {}
    for stage in run.lock.values():
        params |= stage.get("params", {}).get("params.yaml", {})
    unused = unread(run.params["method"]).difference(AFTER) | {"plots"}
    sections = {key for key in params if "." not in key}  # a stage may read a key of a section that another reads whole
    whole = {key: params[key] for key in sorted(params) if key in sections or key.split(".")[0] not in sections}
    whole = {key: value for key, value in whole.items() if key.split(".")[0] not in unused}
    stream = StringIO()
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.dump(whole, stream)
    return stream.getvalue().strip()


def format_number(value: Any) -> str:
    """Return a count with separators, a score with four digits, and text as it is.

    >>> format_number(1406), format_number(0.2), format_number("no rows")
    ('1,406', '0.2000', 'no rows')
    """
    return f"{value:.4f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


def format_interval(low_and_high: Any) -> str:
    """Return an interval as text, or nothing.

    >>> format_interval((0.85, 0.9)), format_interval(None)
    ('0.850 to 0.900', '')
    """
    return "" if low_and_high is None else f"{low_and_high[0]:.3f} to {low_and_high[1]:.3f}"
