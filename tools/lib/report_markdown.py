"""A review as Markdown: for a terminal, a file, or a comment on a pull request."""

import textwrap

from tools.lib.report import Report
from tools.lib.report_tables import Table, tables
from tools.lib.wording import headline, noise, power

SHOWN = 20  # rows of a table, and
LONGEST = 200  # characters of a cell; the HTML page has all


def markdown(report: Report, failed: list[str]) -> str:
    """Return the review; `failed` are the sentences of the gate's rules that the head breaks."""
    base, head = report.base.revision, report.head.revision
    parts = [f"## {headline(report)}", f"`{base.name}` against `{head.name}`. {power(report)} {noise(report)}"]
    if report.remarks:
        parts.append("**Compared on the rows that both share:** " + "; ".join(report.remarks) + ".")
    if failed:
        parts.append("**The gate is shut:**\n" + "\n".join(f"- {sentence}" for sentence in failed))
    return "\n\n".join([*parts, *(_section(table) for table in tables(report))]) + "\n"


def _section(table: Table) -> str:
    rows = [table.columns, ["---"] * len(table.columns), *table.rows[:SHOWN]]
    lines = ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows]
    more = [f"\n{len(table.rows) - SHOWN:,} more in the HTML page."] if len(table.rows) > SHOWN else []
    return "\n".join([f"### {table.title}", "", table.note, "", *lines, *more])


def _cell(text: str) -> str:
    """Return text that stays in its cell.

    >>> _cell("a | b\\nc")
    'a \\\\| b c'
    """
    return textwrap.shorten(text, LONGEST, placeholder=" …").replace("|", r"\|")
