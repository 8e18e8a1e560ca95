"""The audit of a data set: which rows a person should look at, and why."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from textclf.audit.kinds import KINDS, PLACES
from textclf.audit.label_issues import Suspicion, judgeable, suspicions
from textclf.audit.neighbors import find_neighbors, outliers
from textclf.audit.twins import Twin, near_twins, same_text_twins, twins_in_test
from textclf.data.leaks import same_texts
from textclf.params import Audit

Vectors = NDArray[np.float32]
Issue = dict[str, object]  # a line of the table, with the position of its row

COLUMNS = ["id", "text", "split", "label", "suggested", "probability", "kind", "twin", "similarity"]
DIGITS = 4


@dataclass(frozen=True)
class Part:
    """Rows (id, text, split, label), and a vector of length 1 for each, shape (rows, size)."""

    rows: pd.DataFrame
    vectors: Vectors


def audit(
    learned: Part, tested: Part, settings: Audit, judged: Collection[str]
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Return a table with the columns `COLUMNS`, a line for each issue of a row, and counts.

    `learned` are training and validation rows, which are audited; of `tested` only the texts are compared. `judged` are
    the ids of rows that a person has judged: their issues are neither listed nor counted. `twin` is the id of the other
    row of a conflict, a duplicate or a near-duplicate. `probability` is that of `suggested`, which for `conflict` is
    the twin's label; a twin in the test rows suggests nothing. Rows whose label can't be judged are counted as
    `unchecked`.
    """
    learned = Part(learned.rows.reset_index(drop=True), learned.vectors)
    lines, checked = _label_issues(learned, settings)
    table = _table([*lines, *_twins_and_outliers(learned, tested)], learned.rows)
    left = table[~table["id"].isin(judged)]
    kinds = left["kind"].value_counts()
    return left, {"rows": len(learned.rows)} | checked | {f"{kind}_rows": int(kinds.get(kind, 0)) for kind in KINDS}


def _label_issues(learned: Part, settings: Audit) -> tuple[list[Issue], dict[str, float]]:
    """Return the issues of labels, how many rows are `unchecked`, and the accuracy on the others, if there are any."""
    checked = judgeable(learned.rows["label"])
    counts: dict[str, float] = {"unchecked": len(learned.rows) - len(checked)}
    if not len(checked):
        return [], counts
    given = learned.rows["label"].to_numpy(dtype=object)[checked].astype(str)
    names, labels = np.unique(given, return_inverse=True)
    found = suspicions(learned.vectors[checked], labels, settings.folds, settings.C, settings.seed)
    accuracy = round(float((found.suggested == labels).mean()), DIGITS)
    return list(_label_lines(found, checked, names)), counts | {"out_of_sample_accuracy": accuracy}


def _twins_and_outliers(learned: Part, tested: Part) -> Iterator[Issue]:
    """Yield the issues of rows that say the same as another one, or are far from all others."""
    rows, texts = learned.rows, same_texts(learned.rows["text"])
    groups = pd.factorize(texts)[0]
    twins = same_text_twins(groups, rows["label"].tolist())
    if len(rows) > 1:
        neighbors = find_neighbors(learned.vectors, groups)
        twins += near_twins(texts.tolist(), groups, neighbors)
        yield from ({"row": row, "kind": "outlier"} for row in np.flatnonzero(outliers(neighbors.distance)))
    twins += twins_in_test(texts.tolist(), learned.vectors, same_texts(tested.rows["text"]).tolist(), tested.vectors)
    yield from (_twin_line(twin, rows, tested.rows if twin.kind == "near_test" else rows) for twin in twins)


def _label_lines(found: Suspicion, checked: NDArray[np.int64], names: NDArray[np.str_]) -> Iterator[Issue]:
    """Yield a line for each row that is listed; an issue whose given label is the most probable suggests nothing."""
    for at in found.listed():
        line = {"row": checked[at], "kind": "label" if found.issue[at] else "disagreement"}
        suggestion = {"suggested": str(names[found.suggested[at]]), "probability": found.probability[at]}
        yield line | (suggestion if found.quality[at] < found.probability[at] else {})


def _twin_line(twin: Twin, rows: pd.DataFrame, others: pd.DataFrame) -> Issue:
    label = others["label"].iloc[twin.other]
    line = {"row": twin.row, "kind": twin.kind, "twin": others["id"].iloc[twin.other], "similarity": twin.similarity}
    if twin.kind == "near_test" or label == rows["label"].iloc[twin.row]:  # no label of test goes into training
        return line
    return line | {"suggested": label}


def _table(lines: list[Issue], rows: pd.DataFrame) -> pd.DataFrame:
    """Return `lines` by their kind's place, those of one place in their own order, with what is known of their rows."""
    table = pd.DataFrame(lines, columns=["row", "kind", "suggested", "probability", "twin", "similarity"])
    table = table.sort_values("kind", key=lambda kinds: kinds.map(PLACES), kind="stable")
    table = rows.iloc[table["row"].astype(int)].reset_index(drop=True).join(table.reset_index(drop=True))
    return table.round({"probability": DIGITS, "similarity": DIGITS})[COLUMNS]
