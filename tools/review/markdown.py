"""A review as Markdown: for a terminal, a file, or a comment on a pull request."""

from tools.markdown_table import cell, table
from tools.review.report import Report
from tools.review.sentences import headline, noise, power
from tools.review.tables import Table, tables

SHOWN = 20  # rows of a table, and
LONGEST = 200  # characters of a cell; the HTML page has all


def markdown(report: Report, failed: list[str]) -> str:
    """Return the review; `failed` has a sentence for each rule of the gate that the head breaks."""
    base, head = report.base.revision, report.head.revision
    parts = [f"## {headline(report)}", f"`{base.name}` against `{head.name}`. {power(report)} {noise(report)}"]
    if report.stale_base:
        parts.append(f"**The base may not be what it says:** {report.stale_base}.")
    if report.remarks:
        parts.append("**Compared on the rows that both share:** " + "; ".join(report.remarks) + ".")
    if failed:
        parts.append("**Gate failed:**\n" + "\n".join(f"- {sentence}" for sentence in failed))
    return "\n\n".join([*parts, *(_section(part) for part in tables(report))]) + "\n"


def _section(part: Table) -> str:
    lines = table(part.columns, [[cell(text, LONGEST) for text in row] for row in part.rows[:SHOWN]])
    more = [f"\n{len(part.rows) - SHOWN:,} more in the HTML page."] if len(part.rows) > SHOWN else []
    return "\n".join([f"### {part.title}", "", part.note, "", *lines, *more])
