"""Audit: find rows with doubtful labels, duplicates and outliers; no other stage reads what it writes.

The vectors are those of the frozen body, from the same cache as the probe's that starts a head.
"""

import csv
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from textclf import process
from textclf.audit.audit import COLUMNS, Part, audit
from textclf.cache import cache_folder
from textclf.charts import style, suspects
from textclf.encoders.checkpoints import Checkpoint, locate
from textclf.encoders.frozen import Frozen
from textclf.encoders.precision import resolve_precision
from textclf.encoders.pretrained import load_body
from textclf.outputs import ensure_parent, write_json
from textclf.params import Audit, Params, read_params
from textclf.rows import read_listed, read_tokens

CHECKPOINT = Path("data/tokenized/checkpoint.json")
RAW = Path("data/raw/rows.parquet")
TOKENIZED = Path("data/tokenized/rows.parquet")
JUDGED = Path("data/judged.csv")  # rows that a person has judged; they don't come back
TRAIN = Path("data/splits/train.csv")
VALIDATION = Path("data/splits/validation.csv")
TEST = Path("data/splits/test.csv")
ROWS = Path("data/audit/rows.csv")
PICTURE = Path("plots/suspects.png")
METRICS = Path("metrics/audit.json")


def read_rows(split: Path, rows: pd.DataFrame) -> pd.DataFrame:
    """Return id, label, split, text and input_ids of a split's rows; `rows` has text and input_ids by id."""
    return read_listed(split).assign(split=split.stem).join(rows, on="id")


def sample(rows: pd.DataFrame, settings: Audit) -> pd.DataFrame:
    """Return at most `audit.max_rows` of the rows, drawn at random, in their order."""
    if len(rows) <= settings.max_rows:
        return rows
    print(f"audit: {settings.max_rows:,} of {len(rows):,} rows are audited (audit.max_rows)", file=sys.stderr)
    return rows.sample(settings.max_rows, random_state=settings.seed).sort_index()


def with_vectors(tables: list[pd.DataFrame], params: Params) -> list[Part]:
    """Return the tables, and for each row a vector of length 1: the frozen body's mean over the tokens."""
    checkpoint = Checkpoint.model_validate_json(CHECKPOINT.read_bytes())
    body = load_body(locate(checkpoint), params.device)
    frozen = Frozen(body, resolve_precision(params.precision, params.device), cache_folder("vectors"))
    parts = []
    for rows in tables:
        vectors = frozen.vectors(rows["input_ids"].tolist(), "mean", "frozen vectors")
        parts.append(Part(rows, vectors / np.linalg.norm(vectors, axis=1, keepdims=True)))
    return parts


def main() -> None:
    """Write data/audit/rows.csv, plots/suspects.png and metrics/audit.json."""
    params, table, counts = read_params(), pd.DataFrame(columns=COLUMNS), {"rows": 0.0}
    texts = pd.read_parquet(RAW, columns=["id", "text"]).set_index("id")  # as a person wrote them, unprepared
    rows = texts.join(read_tokens(TOKENIZED)["input_ids"])
    train, validation, test = (read_rows(path, rows) for path in (TRAIN, VALIDATION, TEST))
    learned = pd.concat([train, validation], ignore_index=True)
    if params.audit.enabled and len(learned):  # zero_shot has test rows alone
        parts = with_vectors([sample(rows, params.audit) for rows in (learned, test)], params)
        table, counts = audit(parts[0], parts[1], params.audit, set(read_listed(JUDGED)["id"]))
    table.to_csv(ensure_parent(ROWS), index=False, quoting=csv.QUOTE_NONNUMERIC)  # a carriage return needs quotes
    label_issues = table["label"][table["kind"] == "label"]
    style.save(suspects.draw_suspects(label_issues, int(counts["rows"])), ensure_parent(PICTURE), params.plots.dpi)
    write_json(METRICS, counts)


if __name__ == "__main__":
    process.run(main)
