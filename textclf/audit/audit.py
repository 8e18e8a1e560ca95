"""The audit of a data set: which rows a person should look at, and why."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from textclf.audit.label_issues import Suspicion, suspicions
from textclf.audit.neighbors import find_neighbors, outliers
from textclf.audit.twins import Twin, near_twins, same_text_twins, twins_in_test
from textclf.data.leaks import same_texts
from textclf.params import Audit

Vectors = NDArray[np.float32]

# In the order in which they are to be looked at; the rows of the last two are one list, the most suspect first.
KINDS = ("conflict", "near_test", "duplicate", "near_duplicate", "outlier", "label", "disagreement")
COLUMNS = ["id", "text", "split", "label", "suggested", "probability", "kind", "twin", "similarity"]
DIGITS = 4


@dataclass(frozen=True)
class Part:
    """Rows (id, text, split, label), and a vector of length 1 for each, shape (rows, size)."""

    rows: pd.DataFrame
    vectors: Vectors


def audit(learned: Part, tested: Part, settings: Audit) -> tuple[pd.DataFrame, dict[str, float]]:
    """Return a table with the columns `COLUMNS`, a line for each issue of a row, and counts.

    `learned` are training and validation rows, which are audited; of `tested` only the texts are compared. `twin` is
    the id of the other row of a conflict, a duplicate or a near-duplicate. `probability` is that of `suggested`, which
    for `conflict` is the twin's label. A label with one row can't be judged; such rows are counted as `unchecked`.
    """
    rows, texts = learned.rows.reset_index(drop=True), same_texts(learned.rows["text"])
    groups = pd.factorize(texts)[0]
    checked = np.flatnonzero(rows.groupby("label")["label"].transform("size") > 1)
    names, labels = np.unique(rows["label"].to_numpy(dtype=object)[checked].astype(str), return_inverse=True)
    found = suspicions(learned.vectors[checked], labels, settings.folds, settings.C, settings.seed)
    lines = list(_label_lines(found, checked, names))
    twins = [*same_text_twins(groups, rows["label"].tolist())]
    if len(rows) > 1:
        neighbors = find_neighbors(learned.vectors, groups)
        twins += near_twins(texts.tolist(), groups, neighbors)
        lines += [{"row": row, "kind": "outlier"} for row in np.flatnonzero(outliers(neighbors.distance))]
    twins += twins_in_test(texts.tolist(), learned.vectors, same_texts(tested.rows["text"]).tolist(), tested.vectors)
    lines += [_twin_line(twin, rows, tested.rows if twin.kind == "near_test" else rows) for twin in twins]
    table = _table(lines, rows)
    counts = table["kind"].value_counts()
    accuracy: dict[str, float] = {"rows": len(rows), "unchecked": len(rows) - len(checked)}
    accuracy |= {"out_of_sample_accuracy": round(float((found.suggested == labels).mean()), DIGITS)}
    return table, accuracy | {f"{kind}_rows": int(counts.get(kind, 0)) for kind in KINDS}


def _label_lines(found: Suspicion, checked: NDArray[np.int64], names: NDArray[np.str_]) -> Iterator[dict[str, object]]:
    """Yield a line for each label issue and each other row where another label is likelier, the most suspect first.

    An issue whose given label is the most probable one suggests nothing.
    """
    given = found.quality
    for at in found.order():
        other = given[at] < found.probability[at]
        if found.issue[at] or other:
            line = {"row": checked[at], "kind": "label" if found.issue[at] else "disagreement"}
            suggestion = {"suggested": str(names[found.suggested[at]]), "probability": found.probability[at]}
            yield line | (suggestion if other else {})


def _twin_line(twin: Twin, rows: pd.DataFrame, others: pd.DataFrame) -> dict[str, object]:
    label = others["label"].iloc[twin.other]
    line = {"row": twin.row, "kind": twin.kind, "twin": others["id"].iloc[twin.other], "similarity": twin.similarity}
    return line | ({"suggested": label} if label != rows["label"].iloc[twin.row] else {})


def _table(lines: list[dict[str, object]], rows: pd.DataFrame) -> pd.DataFrame:
    """Return `lines` in the order of `KINDS`, each kind in its own order, with what is known of their rows."""
    table = pd.DataFrame(lines, columns=["row", "kind", "suggested", "probability", "twin", "similarity"])
    place = {kind: number for number, kind in enumerate(KINDS[:-1])}
    table = table.sort_values(
        "kind", key=lambda kinds: kinds.map(lambda kind: place.get(kind, len(place) - 1)), kind="stable"
    )
    table = rows.iloc[table["row"].astype(int)].reset_index(drop=True).join(table.reset_index(drop=True))
    return table.round({"probability": DIGITS, "similarity": DIGITS})[COLUMNS]
