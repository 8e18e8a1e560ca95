"""Can two runs be compared? The differences in their test rows, labels and definitions of scores."""

from dataclasses import dataclass

import pandas as pd

from tools.runs.run import Run

SCORING = (
    "stages/evaluate.py",
    "textclf/metrics/calibration.py",
    "textclf/metrics/hf_metrics.py",
    "textclf/metrics/scores.py",
    "textclf/metrics/selection.py",
    "textclf/probabilities.py",
)
MOST_NAMED = 5


@dataclass(frozen=True)
class Common:
    """The ids of the test rows that both runs have with the same label, and remarks on the others, a line each."""

    ids: pd.Index
    remarks: list[str]


def common_rows(base: Run, head: Run) -> Common:
    """Return the rows that can be compared; no remarks if all rows of both runs can."""
    before, after = base.predictions["actual"], head.predictions["actual"]
    shared = before.index.intersection(after.index)
    same = shared[(before[shared] == after[shared]).to_numpy()]
    counts = {
        "test rows are only in the base": len(before) - len(shared),
        "test rows are only in the head": len(after) - len(shared),
        "test rows have a different label in the head": len(shared) - len(same),
    }
    remarks = [f"{number:,} {which}" for which, number in counts.items() if number]
    remarks += _label_remarks(base.labels, head.labels) + _scoring_remarks(base, head)
    return Common(same, remarks)


def _label_remarks(before: list[str], after: list[str]) -> list[str]:
    only = {"head": sorted(set(after) - set(before)), "base": sorted(set(before) - set(after))}
    return [f"{_named(labels)} only in the {side}" for side, labels in only.items() if labels]


def _named(labels: list[str]) -> str:
    """Return the number of labels, and the names of the first ones.

    >>> _named(["a"])
    '1 label (a)'
    """
    more = f" and {len(labels) - MOST_NAMED:,} more" if len(labels) > MOST_NAMED else ""
    return f"{len(labels):,} label{'s' * (len(labels) > 1)} ({', '.join(labels[:MOST_NAMED])}{more})"


def _scoring_remarks(base: Run, head: Run) -> list[str]:
    remarks = []
    locked = [{path: _locked(run, "evaluate", path) for path in SCORING} for run in (base, head)]
    if not all(any(side.values()) for side in locked):
        remarks.append("the definitions of the scores may differ: one of the runs has none of the files of the other")
    else:
        changed = [path for path in SCORING if locked[0][path] != locked[1][path]]
        remarks += [f"the definition of the scores may differ: {path} has changed" for path in changed]
    before, after = (run.params["evaluation"] for run in (base, head))
    if before != after:
        remarks.append(f"evaluation.* differs: {before} in the base, {after} in the head")
    return remarks


def _locked(run: Run, stage: str, path: str) -> str | None:
    entries = run.lock.get(stage, {}).get("deps", [])
    return next((entry.get("md5") for entry in entries if entry["path"] == path), None)
