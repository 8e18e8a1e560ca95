"""The rows of a workspace, and the files in which its stages leave them."""

import json
from pathlib import Path

import pandas as pd

from tests.toys import LABELS, TEXTS, params, rows
from textclf.encoders.checkpoints import Checkpoint
from tools.runs.trial import MADE_BY, Bench


def toy_bench(checkpoint: Path) -> Bench:
    """Return 120 training, 30 validation and 60 test rows of three labels."""
    parts = {
        name: rows(3, size, seed=at)
        for at, (name, size) in enumerate((("train", 120), ("validation", 30), ("test", 60)))
    }
    return Bench(params(method="baseline"), LABELS, parts, Checkpoint(folder=str(checkpoint)), TEXTS)


def write_workspace(bench: Bench) -> None:
    """Write what the stages `split` and `tokenize` would have left of these rows into the working directory."""
    for folder in ("data/raw", "data/tokenized", "data/splits"):
        Path(folder).mkdir(parents=True)
    Path("params.yaml").write_text(bench.params.model_dump_json())  # JSON is YAML
    made = {"params": {"params.yaml": {"dataset": bench.params.dataset, "max_length": bench.params.max_length}}}
    Path("dvc.lock").write_text(json.dumps({"stages": dict.fromkeys(MADE_BY, made)}))
    Path("data/raw/labels.json").write_text(json.dumps(bench.labels))
    Path("data/tokenized/label_texts.json").write_text(json.dumps(bench.label_texts))
    Path("data/tokenized/checkpoint.json").write_text(bench.checkpoint.model_dump_json())
    tables = []
    for name, part in bench.rows.items():
        tables.append(pd.DataFrame({"id": part.ids, "text": part.texts, "input_ids": part.input_ids}))
        listed = pd.DataFrame({"id": part.ids, "label": [bench.labels[number] for number in part.labels]})
        listed.to_csv(f"data/splits/{name}.csv", index=False)
    pd.concat(tables).to_parquet("data/tokenized/rows.parquet")
