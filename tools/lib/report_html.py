"""A review as one HTML page: no network, pictures inside, tables that sort and filter, light and dark."""

from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup, escape

from tools.lib.report import Report
from tools.lib.report_pictures import pictures
from tools.lib.report_tables import tables
from tools.lib.wording import headline, noise, power

TEMPLATE = Path(__file__).with_name("report.html")


def html(report: Report, failed: list[str]) -> str:
    """Return the page; `failed` are the sentences of the gate's rules that the head breaks."""
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["breakable"] = breakable
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
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


def breakable(text: str) -> Markup:
    """Return `text` escaped, with leave to break lines after underscores, of which labels are full.

    >>> str(breakable("card_arrival <b>"))
    'card_<wbr>arrival &lt;b&gt;'
    """
    return Markup("_<wbr>").join(escape(part) for part in text.split("_"))
