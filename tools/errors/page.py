"""The table of wrong rows as CSV, and as one page that filters and sorts without a network."""

import csv
from io import StringIO
from pathlib import Path

import pandas as pd
from jinja2 import Environment

from tools.html_text import breakable
from tools.markdown_table import shown
from tools.runs.run import Run

TEMPLATE = Path(__file__).with_name("page.html")


def to_csv(table: pd.DataFrame) -> str:
    """Return the table as CSV; text is quoted, so that a carriage return in it stays."""
    stream = StringIO()
    table.to_csv(stream, index=False, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    return stream.getvalue()


def page(run: Run, table: pd.DataFrame) -> str:
    """Return the page."""
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"breakable": breakable, "shown": shown}
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        name=run.revision.name,
        commit=run.revision.commit[:12],
        tested=len(run.predictions),
        rows=table.to_dict("records"),
        actual=sorted(table["actual"].unique()),
        predicted=sorted(table["predicted"].unique()),
    )
