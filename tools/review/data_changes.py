"""The rows that two runs don't share, or label differently, and the scores on test rows whose label has changed."""

from dataclasses import dataclass

import pandas as pd

from textclf.errors import InputError
from tools.runs.run import Run, outputs

AUDIT = "data/audit/rows.csv"
AUGMENTED = "data/augmented.parquet"
FURTHER = "train, further text"  # of augment.file
MOST = 1000  # rows that are listed
COLUMNS = ["change", "split", "text", "before", "after", "audit"]


@dataclass(frozen=True)
class DataChanges:
    """`rows` has the columns `COLUMNS` for up to `MOST` of the `number` rows that have changed, `test_rows` of
    them test rows.

    `audit` is what the audit of the base thought of the row. `test` has a row for each part of the test rows that both
    runs have: which, rows, and the accuracy of base and head; empty if no test label has changed. `remark` says what
    can't be told.
    """

    rows: pd.DataFrame
    number: int
    test_rows: int
    test: pd.DataFrame
    remark: str


def data_changes(base: Run, head: Run) -> DataChanges:
    """Compare the rows of two runs; where they are the same bytes, nothing is read."""
    nothing = pd.DataFrame(columns=COLUMNS)
    if same_rows(base, head):
        return DataChanges(nothing, 0, 0, pd.DataFrame(), "")
    before, after = _all_rows(base), _all_rows(head)
    both = before.add_suffix("_before").join(after.add_suffix("_after"), how="outer")
    both = both[both["label_before"].ne(both["label_after"])]
    kind = pd.Series("relabeled", both.index)
    kind[both["label_before"].isna()], kind[both["label_after"].isna()] = "added", "dropped"
    table = pd.DataFrame(
        {
            "change": kind,
            "split": both["used_after"].fillna(both["used_before"]),
            "text": both["text_after"].fillna(both["text_before"]),
            "before": both["label_before"].fillna(""),
            "after": both["label_after"].fillna(""),
        }
    )
    thought, remark = _opinions(base)
    table["audit"] = [thought.get(str(name), "") for name in table.index]
    table = table.sort_values(["change", "split", "before", "text"], kind="stable")
    tested, shown = int((table["split"] == "test").sum()), table.head(MOST).reset_index(drop=True)
    return DataChanges(shown, len(table), tested, relabeled_scores(base, head), remark)


def same_rows(base: Run, head: Run) -> bool:
    """Return whether the rows of both runs, and the further texts that they train on, are the same bytes."""
    return bool(rows := _md5(base)) and rows == _md5(head)


def relabeled_scores(base: Run, head: Run) -> pd.DataFrame:
    """Return the accuracy on shared test rows whose label is the same, and on the others by the old and new labels."""
    shared = base.predictions.index.intersection(head.predictions.index)
    before, after = base.predictions.loc[shared], head.predictions.loc[shared]
    changed = before["actual"] != after["actual"]
    if not changed.any():
        return pd.DataFrame()
    parts = [
        ("unchanged label", ~changed, after["actual"]),
        ("changed label, by the old one", changed, before["actual"]),
        ("changed label, by the new one", changed, after["actual"]),
    ]
    rows = [
        (which, int(rows.sum()), *(float((side["predicted"] == actual)[rows].mean()) for side in (before, after)))
        for which, rows, actual in parts
        if rows.any()
    ]
    return pd.DataFrame(rows, columns=["which", "rows", "base", "head"])


def _all_rows(run: Run) -> pd.DataFrame:
    """Return text, label and split of all rows, in scope and out, and of further training texts, by id."""
    tables = [run.rows, run.oos_rows.assign(used=run.oos_rows["split"]), further_texts(run).assign(used=FURTHER)]
    return pd.concat([table[["text", "label", "used"]] for table in tables])


def further_texts(run: Run) -> pd.DataFrame:
    """Return text and label of the run's further training texts, those of `augment.file`, by id."""
    if not _has_further_texts(run):
        return pd.DataFrame(columns=["text", "label"], dtype=str)
    texts = run.revision.parquet(AUGMENTED).set_index("id")
    return texts.loc[texts["parent"] != "", ["text", "label"]]


def _has_further_texts(run: Run) -> bool:
    return bool(run.params.get("augment", {}).get("file"))


def _opinions(run: Run) -> tuple[dict[str, str], str]:
    """Return what the run's audit thought of each suspect row, by id, and a remark if nobody knows."""
    if "audit" not in run.lock:
        return {}, "The base has no audit."
    try:
        table = run.revision.csv(AUDIT)
    except InputError:
        return {}, "What the base's audit thought is not in DVC's cache."
    lines = table["kind"] + table["suggested"].map(lambda label: f": {label}" if label else "")
    lines += table["probability"].map(lambda value: f" ({float(value):.2f})" if value != "" else "")
    return {str(name): "; ".join(part) for name, part in lines.groupby(table["id"])}, ""


def _md5(run: Run) -> dict[str, str | None]:
    kept = ["data/raw/rows.parquet", "data/raw/oos.parquet", *([AUGMENTED] if _has_further_texts(run) else [])]
    return {path: md5 for path, md5 in outputs(run.lock).items() if path in kept}
