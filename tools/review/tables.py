"""A review's tables, for every page alike: a title, a note on how to read it, and rows of text."""

from dataclasses import dataclass
from typing import Any

from tools.review.report import Report
from tools.review.sentences import p_value, points
from tools.stats.verdict import LOWER_IS_BETTER

SCORES = ["metric", "base", "head", "difference", "95% interval", "better", "verdict"]


ACCURACIES = ["rows", "base", "head", "difference", "95% interval", "verdict"]  # columns of parts of the test rows


@dataclass(frozen=True)
class Table:
    """Columns and rows of text; `note` says how to read them, and `outside` names the columns with text from data."""

    name: str
    title: str
    note: str
    columns: list[str]
    rows: list[list[str]]
    outside: tuple[str, ...] = ()


def tables(report: Report) -> list[Table]:
    """Return all tables that have rows, in the order of a reader's questions."""
    all_tables = [
        _data(report),
        _test_labels(report),
        _scores(report),
        _oos(report),
        _changes(report),
        _moved(report),
        _rows(report),
        _pairs(report),
    ]
    all_tables += [_labels(report), _slices(report), _robustness(report), _expectations(report)]
    return [table for table in all_tables if table.rows]


def _data(report: Report) -> Table:
    rows = [[str(cell) for cell in row] for row in report.data.rows.to_numpy().tolist()]
    data = report.data
    shown = "Rows" if data.number == len(rows) else f"The first {len(rows):,} of {data.number:,} rows"
    note = f"{shown} that were added, dropped or relabeled; {data.test_rows:,} are test rows. "
    note += "audit is what the base's audit thought of them."
    note = f"{note} {data.remark}".strip()
    columns = ["change", "split", "text", "old label", "new label", "audit"]
    return Table("data", "Data", note, columns, rows, ("text", "old label", "new label", "audit"))


def _test_labels(report: Report) -> Table:
    rows = [
        [str(row.which), f"{row.rows:,}", f"{100 * row.base:.1f}", f"{100 * row.head:.1f}"]
        for row in report.data.test.itertuples()
    ]
    note = (
        "Accuracy in percent on the test rows that both runs have. The scores below leave out those with another label."
    )
    return Table("test-labels", "Corrected test labels", note, ["test rows", "rows", "base", "head"], rows)


def _scores(report: Report) -> Table:
    rows = [
        _score_row(row, "lower" if row.metric in LOWER_IS_BETTER else "higher")
        for row in report.differences.scores.itertuples()
    ]
    note = (
        "Means over the seeds of each side, with 95% intervals over test rows and seeds. The calibration error has no "
        "interval: its estimate is biased by as much as it varies. A score without a min_effect in review.yaml gets no "
        "verdict."
    )
    return Table("scores", "Scores on test", note, SCORES, rows)


def _score_row(row: Any, better: str) -> list[str]:
    interval = "" if row.low != row.low else f"{row.low:+.4f} to {row.high:+.4f}"
    numbers = [f"{row.base:.4f}", f"{row.head:.4f}", f"{row.difference:+.4f}", interval]
    return [str(row.metric), *numbers, better, str(row.verdict)]


def _oos(report: Report) -> Table:
    rows = [_score_row(row, "higher") for row in report.oos.itertuples()]
    note = (
        "On the test rows in and out of scope that both runs decide on, means over the seeds of each side. auroc and "
        "out_recall have no interval with few rows in or out of scope. out_recall is the share of out-of-scope rows "
        "that are rejected; in_scope_kept is "
        "the share of in-scope rows that are answered, in_scope_accuracy the share that are answered correctly."
    )
    return Table("oos", "Out of scope", note, SCORES, rows)


def _moved(report: Report) -> Table:
    columns = ["flip", "text", "actual", "base", "head"]
    rows = [[str(row[column]) for column in columns] for row in report.moved.to_dict("records")]
    flips = report.moved["flip"].value_counts()
    note = (
        f"Test rows that only one run answers, {flips.get('fixed', 0):,} fixed and {flips.get('broken', 0):,} broken: "
        "answering an out-of-scope row is wrong, and so is rejecting an in-scope row."
    )
    return Table("moved", "Moved in or out of scope", note, columns, rows, ("text", "actual", "base", "head"))


def _changes(report: Report) -> Table:
    rows = [[kind, sentence] for kind, sentence in report.changes]
    note = "From params.yaml, dvc.lock and requirements.txt."
    return Table("changes", "What changed", note, ["kind", "change"], rows, ("change",))


def _rows(report: Report) -> Table:
    rows = [
        [
            str(row.flip),
            str(row.text),
            str(row.actual),
            f"{row.base} ({row.base_confidence:.2f})",
            f"{row.head} ({row.head_confidence:.2f})",
            f"{row.change:+.2f}",
        ]
        for row in report.rows.itertuples()
    ]
    note = (
        "Test rows that one run gets right and the other wrong, the largest change of loss first; confidences in "
        "brackets."
    ) + (" They are those of each side's own seed." if max(report.seeds) > 1 else "")
    columns = ["flip", "text", "actual", "base predicts", "head predicts", "loss"]
    outside = ("text", "actual", "base predicts", "head predicts")
    return Table("rows", "Fixed and broken rows", note, columns, rows, outside)


def _pairs(report: Report) -> Table:
    rows = [
        [str(row.actual), str(row.predicted), f"{row.base:g}", f"{row.head:g}", f"{row.change:+g}"]
        for row in report.differences.pairs.itertuples()
    ]
    note = "Pairs of labels whose number of confusions changed, means over the seeds of each side."
    columns = ["actual", "predicted", "base", "head", "change"]
    return Table("pairs", "Confusions that moved", note, columns, rows, ("actual", "predicted"))


def _labels(report: Report) -> Table:
    moved = report.differences.labels[report.differences.labels["difference"] != 0]
    rows = [
        [
            str(row.label),
            str(row.rows),
            f"{row.base:.3f}",
            f"{row.head:.3f}",
            f"{row.difference:+.3f}",
            f"{row.low:+.3f} to {row.high:+.3f}",
            p_value(float(row.p)).removeprefix("= "),
            "yes" if row.moved else "",
        ]
        for row in moved.itertuples()
    ]
    note = (
        "F1 by label. p is corrected for the number of labels (Holm), intervals are not; a change is significant if p "
        "is at most 0.05."
    )
    columns = ["label", "rows", "base F1", "head F1", "difference", "95% interval", "p (Holm)", "significant"]
    return Table("labels", "Labels that moved", note, columns, rows, ("label",))


def _accuracies(row: Any) -> list[str]:
    """Return the cells of `ACCURACIES` for a part of the test rows or a change of them."""
    return [
        f"{row.rows:,}",
        f"{100 * row.base:.1f}",
        f"{100 * row.head:.1f}",
        points(float(row.difference)),
        f"{points(float(row.low))} to {points(float(row.high))}",
        str(row.verdict),
    ]


def _slices(report: Report) -> Table:
    rows = [[str(row.by), str(row.slice), *_accuracies(row)] for row in report.slices.itertuples()]
    note = (
        "Accuracy in percent, intervals over each slice's rows and the seeds, not corrected for the number of slices."
    )
    columns = ["by", "slice", *ACCURACIES]
    return Table("slices", "Slices", note, columns, rows, ("by", "slice"))


def _robustness(report: Report) -> Table:
    rows = [[str(row.change), *_accuracies(row)] for row in report.changed_texts.table.itertuples()]
    note = (
        "Accuracy in percent on the same test rows, changed in the same ways, of the two runs themselves; intervals "
        "over rows and seeds, not corrected for the number of changes. With the change none, texts are as they are."
    )
    columns = ["change", *ACCURACIES]
    return Table("robustness", "Changed texts", note, columns, rows)


def _expectations(report: Report) -> Table:
    columns = ["flip", "kind", "texts", "label", "base", "head"]
    rows = [[str(row[column]) for column in columns] for row in report.changed_texts.expectations.to_dict("records")]
    note = "Expectations of data/robustness that only one run meets; several texts and their labels are divided by |."
    outside = ("texts", "label", "base", "head")
    return Table("expectations", "Expectations that moved", note, columns, rows, outside)
