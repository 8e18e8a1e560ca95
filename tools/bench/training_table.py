"""The tables of training speeds, from results/speed/."""

import json
from pathlib import Path

from tools.bench.speed_table import SPEED
from tools.markdown_table import table

COLUMNS = ("way to train", "rows per second, by round", "times the first")
WAYS = {
    "notebook": "the first notebook's recipe: batch 8, padded to 64 tokens, fp32",
    "run_classification": "`run_classification.py` with its defaults: batch 8, padded to 128 tokens, fp32",
    "steps": "the stage `train`, its training steps alone",
    "stage": "the stage `train`, all of it: imports, probe, frozen states, validation, saving",
}
HEADING = """## Speed of training

`make bench-train` trains in three ways by turns, on the same rows and from the same checkpoint, each time in a process
of its own. The first two use the plain Trainer, and a number of their steps is timed. The stage runs in full, for as
many epochs as its parameters say, with nothing cached."""


def path(name: str) -> Path:
    """Return the file in which `tools.bench.training` keeps the figures of a recipe, or of params.yaml's data set."""
    return SPEED / f"training-{name}.json"


def section() -> list[str]:
    """Return a section of docs/results.md with all tables; nothing without figures."""
    tables = [["", *rows(file)] for file in sorted(SPEED.glob("training-*.json"))]
    return [HEADING, *(line for lines in tables for line in lines)] if tables else []


def rows(file: Path) -> list[str]:
    """Return the table as Markdown, a row for each way to train; the others are compared with the first."""
    result = json.loads(file.read_text(encoding="utf-8"))
    lines = [
        [WAYS[way["way"]], ", ".join(f"{rate:,.1f}" for rate in way["rows_per_second"]), f"{way['times']:.1f}"]
        for way in result["ways"]
    ]
    run = f"`{result['recipe'] or 'params.yaml'}`, `method: {result['method']}` on `{result['model']}`"
    size = (
        f"{result['rows']:,} training rows of `{result['dataset']}`, {result['epochs']} epochs, {result['precision']}"
    )
    seconds = " and ".join(f"{value:.0f}" for value in result["seconds"])
    versions = ", ".join(f"{name} {number}" for name, number in result["versions"].items())
    on = f"{result['processor']}, {result['threads']} threads, {versions}"
    return [*table(COLUMNS, lines), "", f"{run}: {size}. The stage took {seconds} seconds. Measured on {on}."]
