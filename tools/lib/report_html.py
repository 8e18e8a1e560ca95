"""A review as one HTML page: no network, pictures inside, tables that sort and filter, light and dark."""

from pathlib import Path

from jinja2 import Environment

from tools.lib.report import Report
from tools.lib.report_pictures import pictures
from tools.lib.report_tables import tables
from tools.lib.wording import headline, noise, power

TEMPLATE = Path(__file__).with_name("report.html")


def html(report: Report, failed: list[str]) -> str:
    """Return the page; `failed` are the sentences of the gate's rules that the head breaks."""
    template = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
        TEMPLATE.read_text(encoding="utf-8")
    )
    return template.render(
        verdict=report.verdict,
        headline=headline(report),
        base=report.base.revision.name,
        head=report.head.revision.name,
        power=power(report),
        noise=noise(report),
        remarks=report.remarks,
        failed=failed,
        tables=tables(report),
        pictures=pictures(report),
    )
