"""The table of speeds, from results/speed/."""

import json
from pathlib import Path
from typing import Any

from tools.markdown_table import table

SPEED = Path("results/speed")
COLUMNS = ("way", "rows per second", "times `pipeline`", "ms for one text, median", "95th percentile", "accuracy")


def path(dataset: str) -> Path:
    """Return the file in which `tools.bench` keeps its figures for `dataset`."""
    return SPEED / f"{dataset}.json"


def rows(dataset: str) -> list[str]:
    """Return the table as Markdown, a row for each way to classify; the others are compared with the first."""
    result = json.loads(path(dataset).read_text(encoding="utf-8"))
    first = result["ways"][0]["rows_per_second"]
    lines = []
    for way in result["ways"]:
        cells = [way["way"], f"{way['rows_per_second']:,}", f"{way['rows_per_second'] / first:.1f}"]
        lines.append([*cells, f"{way['p50_ms']:.1f}", f"{way['p95_ms']:.1f}", f"{way['accuracy']:.4f}"])
    versions = ", ".join(f"{name} {number}" for name, number in result["versions"].items())
    on = f"{result['processor']}, {result['threads']} threads, {versions}"
    return [
        *table(COLUMNS, lines),
        "",
        f"{result['rows']:,} test rows of `{dataset}`, the default run of commit {result['commit'][:7]} on {on}.",
        *_changes(result),
    ]


def _changes(result: dict[str, Any]) -> list[str]:
    """Return what the arithmetic and the rest of a batch change."""
    changed = result["changes"]
    sentences = [
        f"In fp32, {changed['labels_in_fp32']} of {result['rows']:,} labels change, and a probability changes by "
        f"up to {changed['probability_in_fp32']}.",
        f"A text that is sent alone gets probabilities that differ by up to {changed['probability_alone']}.",
    ]
    return ["", " ".join(sentences)]
