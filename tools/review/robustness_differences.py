"""The differences of two runs' answers to changed texts, on the test rows that both changed alike."""

from dataclasses import dataclass

import pandas as pd

from textclf.metrics.slices import MIN_ROWS
from tools.review.differences import Known, OfBoth
from tools.runs.run import Run
from tools.runs.tables import Seeds
from tools.stats.difference import SeedVariance, compare, seed_variance
from tools.stats.influence import Score, mean_score
from tools.stats.verdict import verdict

COLUMNS = ["change", "rows", "base", "head", "difference", "low", "high", "verdict"]
CHANGES = "textclf/changes/"


@dataclass(frozen=True)
class ChangedTexts:
    """The comparison of two runs' answers to changed texts.

    `table` has accuracy of both runs, difference, 95% interval and verdict by change; no rows if the texts were
    `not_alike`, which says why. `expectations` has those that one run alone meets.
    """

    table: pd.DataFrame
    not_alike: str | None
    expectations: pd.DataFrame


def compare_changed_texts(
    runs: tuple[Run, Run], sides: tuple[Seeds, Seeds], min_effect: float | None, known: OfBoth
) -> ChangedTexts:
    """Compare the answers of two runs, the base and the head; `sides` are their seeds on the test rows."""
    reason = incomparable(*runs)
    table = pd.DataFrame(columns=COLUMNS) if reason else robustness_differences(*runs, sides, min_effect, known)
    return ChangedTexts(table, reason, moved_expectations(*runs))


def incomparable(base: Run, head: Run) -> str | None:
    """Return why the runs' answers to changed texts can't be compared, or None: both must have changed them alike."""
    for run in (base, head):
        if run.changed_texts is None:
            return f"{run.revision.name} has no answers to changed texts: it has no stage robustness"
    before, after = (_how_changed(run) for run in (base, head))
    if other := sorted(path for path in {**before, **after} if before.get(path) != after.get(path)):
        return f"the runs change texts in different ways: {other[0]} differs"
    if len(rows := _shared(base, head)) < MIN_ROWS:
        return f"the runs share {len(rows)} rows with changed texts; {MIN_ROWS} are needed"
    return None


def robustness_differences(
    base: Run, head: Run, sides: tuple[Seeds, Seeds], min_effect: float | None, known: OfBoth
) -> pd.DataFrame:
    """Return accuracy of both runs, difference, 95% interval and verdict by change.

    Texts are changed for the run itself alone, not for the recorded seeds of its configuration. Its accuracy is taken
    to vary between seeds as that on the test rows does: as the seeds of the side do, if there are several, else as is
    `known`.
    """
    shared, between = _shared(base, head), [_between(side, one) for side, one in zip(sides, known, strict=True)]
    before, after = (_table(run).loc[shared] for run in (base, head))
    rows = []
    for change in [name for name in after if name in before and name != "actual"]:
        scores = [mean_score((table[change] == table["actual"]).to_numpy(float)) for table in (before, after)]
        found = compare(scores[:1], scores[1:], (between[0], between[1]))
        numbers = [float(n) for n in (found.base, found.head, found.difference, found.low, found.high)]
        judged = verdict("accuracy", numbers[2], numbers[3], numbers[4], min_effect)
        rows.append((change, len(shared), *numbers, judged))
    return pd.DataFrame(rows, columns=COLUMNS)


def moved_expectations(base: Run, head: Run) -> pd.DataFrame:
    """Return flip, kind, texts, label, base and head of each expectation that one run alone meets."""
    if base.expectations is None or head.expectations is None:
        return pd.DataFrame(columns=["flip", "kind", "texts", "label", "base", "head"])
    both = base.expectations.merge(head.expectations, on=["kind", "label", "texts"], suffixes=("_base", "_head"))
    moved = both[both["met_base"] != both["met_head"]]
    flip = moved["met_head"].map({True: "fixed", False: "broken"})
    columns = {"kind": moved["kind"], "texts": moved["texts"], "label": moved["label"]}
    sides = {"base": moved["answers_base"], "head": moved["answers_head"]}
    return pd.DataFrame({"flip": flip} | columns | sides).reset_index(drop=True)


def _how_changed(run: Run) -> dict[str, str]:
    deps = run.lock.get("robustness", {}).get("deps", [])
    return {entry["path"]: entry["md5"] for entry in deps if entry["path"].startswith(CHANGES)}


def _shared(base: Run, head: Run) -> pd.Index:
    before, after = _table(base)["actual"], _table(head)["actual"]
    shared = before.index.intersection(after.index)
    return shared[(before[shared] == after[shared]).to_numpy()]


def _table(run: Run) -> pd.DataFrame:
    assert run.changed_texts is not None
    return run.changed_texts


def _between(side: Seeds, known: Known) -> SeedVariance | None:
    if len(side.tables) == 1:
        return known.get("accuracy")
    return seed_variance([_accuracy(table) for table in side.tables])


def _accuracy(table: pd.DataFrame) -> Score:
    return mean_score((table["actual"] == table["predicted"]).to_numpy(float))
