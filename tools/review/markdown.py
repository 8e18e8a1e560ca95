"""A review as Markdown: for a terminal, a file, or a comment on a pull request."""

from tools.markdown_table import cell, code, table
from tools.review.gate import Gate
from tools.review.report import Report
from tools.review.sentences import headline, told
from tools.review.tables import Table, tables

FOLDED = 3
SHOWN = 20  # rows of a table, and
LONGEST = 200  # characters of a cell; the HTML page has all


def markdown(report: Report, gate: Gate) -> str:
    """Return the review with the gate's verdict."""
    base, head = report.base.revision, report.head.revision
    said = code(told(report)) if report.same_inputs else told(report)  # it names machines, as the commits do
    parts = [f"## {headline(report)}", f"{code(base.name)} against {code(head.name)}. {said}"]
    if report.stale_base:
        parts.append(f"**The base may not be what it says:** {code(report.stale_base)}")
    if report.remarks:
        parts.append("**Compared on the rows that both share:**\n" + _list(report.remarks))
    parts.append(f"**{gate.headline}**\n{_list(gate.broken)}".rstrip())
    parts += _broken_rows(report)
    if gate.moot:
        parts.append("Rules that were not applied:\n" + _list(gate.moot))
    return "\n\n".join([*parts, *(_section(part) for part in tables(report))]) + "\n"


def _broken_rows(report: Report) -> list[str]:
    """Return the rows that the head gets wrong with the highest confidence, folded; nothing if it broke none."""
    broken = report.rows[report.rows["flip"] == "broken"].nlargest(FOLDED, "head_confidence", keep="all").head(FOLDED)
    if broken.empty:
        return []
    columns = ["text", "actual", "base", "head", "head_confidence"]
    rows = [
        [*(cell(value, LONGEST) for value in row[:4]), f"{row[4]:.2f}"] for row in broken[columns].to_numpy().tolist()
    ]
    lines = table(["text", "actual", "base predicts", "head predicts", "confidence"], rows)
    count = "row" if len(rows) == 1 else f"{len(rows)} rows"
    title = f"The {count} that it broke with the highest confidence"
    return ["\n".join([f"<details><summary>{title}</summary>", "", *lines, "", "</details>"])]


def _list(sentences: list[str]) -> str:
    return "\n".join(f"- {code(sentence)}" for sentence in sentences)


def _section(part: Table) -> str:
    outside = [column in part.outside for column in part.columns]
    rows = [[cell(text, LONGEST) if o else text for text, o in zip(row, outside, strict=True)] for row in part.rows]
    lines = table(part.columns, rows[:SHOWN])
    more = [f"\n{len(part.rows) - SHOWN:,} more in the HTML page."] if len(part.rows) > SHOWN else []
    return "\n".join([f"### {part.title}", "", part.note, "", *lines, *more])
