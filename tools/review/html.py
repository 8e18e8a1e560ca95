"""A review as one HTML page: no network, pictures inside, tables that sort and filter, light and dark."""

from pathlib import Path

from jinja2 import Environment

from tools.html_text import breakable
from tools.markdown_table import shown
from tools.review.charts import charts
from tools.review.gate import Gate
from tools.review.report import Report
from tools.review.sentences import headline, told
from tools.review.tables import tables

TEMPLATE = Path(__file__).with_name("page.html")


def html(report: Report, gate: Gate) -> str:
    """Return the page with the gate's verdict."""
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"breakable": breakable, "shown": shown}
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        verdict=report.verdict,
        headline=headline(report),
        base=report.base.revision.name,
        head=report.head.revision.name,
        told=told(report),
        remarks=report.remarks,
        stale_base=report.stale_base,
        gate=gate,
        tables=tables(report),
        charts=charts(report),
    )
