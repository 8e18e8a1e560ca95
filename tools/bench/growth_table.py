"""The table of growth, from results/speed/growth.json, and the page that holds it."""

import json
from pathlib import Path
from typing import Any

from tools.markdown_table import table

FIGURES = Path("results/speed/growth.json")
PAGE = Path("docs/scale.md")
TEMPLATE = Path(__file__).with_name("scale.md")


def rows() -> list[str]:
    """Return the table as Markdown: a row a stage, CPU seconds and peak memory for each number of rows."""
    result = json.loads(FIGURES.read_text(encoding="utf-8"))
    sizes: dict[str, dict[str, dict[str, float]]] = result["rows"]
    columns = ["stage", *(f"{int(size):,} rows" for size in sizes), "tenfold rows take"]
    lines = [[f"`{stage}`", *_cells([used[stage] for used in sizes.values()])] for stage in next(iter(sizes.values()))]
    on = f"{result['processor']}, one thread, commit {result['commit'][:12]}"
    measured = f"CPU seconds and peak memory of each stage's process, measured on {on}."
    return [*table(columns, lines), "", measured]


def _cells(used: list[dict[str, Any]]) -> list[str]:
    """Return a stage's cells; the last is how many times longer the largest size takes than the one before it."""
    cells = [f"{one['cpu_s']:,.1f} s, {one['peak_mb']:,} MB" for one in used]
    return [*cells, f"{used[-1]['cpu_s'] / max(used[-2]['cpu_s'], 0.1):.1f} times"]


def page() -> str:
    """Return the page with the recorded table."""
    return TEMPLATE.read_text(encoding="utf-8").replace("{{ growth }}", "\n".join(rows()))


def write_page() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")
