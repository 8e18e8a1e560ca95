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
    new, gone = (", ".join(sorted(set(a) - set(b))) for a, b in ((after, before), (before, after)))
    return [f"labels only in the {side}: {names}" for side, names in (("head", new), ("base", gone)) if names]


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
