"""The README's table of speeds, from results/speed/."""

import json
from pathlib import Path

SPEED = Path("results/speed")
COLUMNS = ("", "rows a second", "times `pipeline`", "ms for one text, median", "95th percentile", "accuracy")


def path(dataset: str) -> Path:
    """Return the file of what `tools.bench` measured on `dataset`."""
    return SPEED / f"{dataset}.json"


def rows(dataset: str) -> list[str]:
    """Return the table as Markdown, a row for each way to classify; the first is what the others are compared with."""
    result = json.loads(path(dataset).read_text(encoding="utf-8"))
    first = result["ways"][0]["rows_per_second"]
    table = [f"| {' | '.join(COLUMNS)} |", "|" + "---|" * len(COLUMNS)]
    for way in result["ways"]:
        cells = [way["way"], f"{way['rows_per_second']:,}", f"{way['rows_per_second'] / first:.1f}"]
        cells += [f"{way['p50_ms']:.1f}", f"{way['p95_ms']:.1f}", f"{way['accuracy']:.4f}"]
        table.append(f"| {' | '.join(cells)} |")
    versions = ", ".join(f"{name} {number}" for name, number in result["versions"].items())
    on = f"{result['processor']}, {result['threads']} threads, {versions}"
    return [*table, "", f"{result['rows']:,} test rows of `{dataset}`, one run on {on}."]
