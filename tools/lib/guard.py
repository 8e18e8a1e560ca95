"""Can two runs be compared? What differs in the rows, labels and definitions that they were scored on."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from stages.lib.errors import InputError
from tools.lib.runs import Run

SCORING = ("stages/evaluate.py", "stages/lib/scores.py", "stages/lib/metric_modules.py")


@dataclass(frozen=True)
class Common:
    """The ids of the test rows that both runs have with the same label, and what else there is to say, a line each."""

    ids: pd.Index
    remarks: list[str]


def common_rows(base: Run, head: Run) -> Common:
    """Return what can be compared; the remarks are empty if all of both can."""
    before, after = base.predictions["actual"], head.predictions["actual"]
    shared = before.index.intersection(after.index)
    same = shared[(before[shared] == after[shared]).to_numpy()]
    counts = {
        "test rows are only in the base": len(before) - len(shared),
        "test rows are only in the head": len(after) - len(shared),
        "test rows have another label in the head": len(shared) - len(same),
    }
    remarks = [f"{number:,} {what}" for what, number in counts.items() if number]
    remarks += _label_remarks(base.labels, head.labels) + _scoring_remarks(base, head)
    return Common(same, remarks)


def _label_remarks(before: list[str], after: list[str]) -> list[str]:
    new, gone = (", ".join(sorted(set(a) - set(b))) for a, b in ((after, before), (before, after)))
    return [f"labels only in the {side}: {names}" for side, names in (("head", new), ("base", gone)) if names]


def _scoring_remarks(base: Run, head: Run) -> list[str]:
    remarks = []
    for path in SCORING:
        if _locked(base, "evaluate", path) != _locked(head, "evaluate", path):
            remarks.append(f"the definition of the scores may differ: {path} has changed")
    before, after = (run.params["evaluation"] for run in (base, head))
    if before != after:
        remarks.append(f"evaluation.* differs: {before} in the base, {after} in the head")
    return remarks


def stale(run: Run) -> str | None:
    """Return why what the run holds doesn't belong to its parameters and code, by dvc.lock, or None. Runs nothing."""
    reason = next((reason for name in run.lock for reason in _stale_stage(run, name)), None)
    return reason and f"{run.revision.name}: its scores don't belong to it: {reason}"


def refuse_stale(run: Run) -> None:
    """Raise `InputError` for a run that is `stale`."""
    if reason := stale(run):
        raise InputError(reason)


def _stale_stage(run: Run, name: str) -> Iterator[str]:
    locked, declared = run.lock[name], run.stages.get(name, {})
    for path, recorded in locked.get("params", {}).get("params.yaml", {}).items():
        if (now := _looked_up(run.params, path)) != recorded:
            yield f"{path} is {now!r}, and was {recorded!r} when {name} ran"
    wanted = {re.sub(r"\$\{(\w+)\}", lambda key: str(run.params[key[1]]), path) for path in declared.get("deps", [])}
    if missing := sorted(wanted ^ {entry["path"] for entry in locked.get("deps", [])}):
        yield f"{missing[0]} is among the dependencies of {name} in one of dvc.yaml and dvc.lock"
    for kind, did in (("deps", "read"), ("outs", "wrote")):
        for entry in locked.get(kind, []):
            found = run.revision.md5(entry["path"])
            if found is not None and found != entry.get("md5"):
                yield f"{entry['path']} is not the one that {name} {did}"


def _looked_up(params: dict[str, Any], path: str) -> Any:
    found: Any = params
    for part in path.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _locked(run: Run, stage: str, path: str) -> str | None:
    entries = run.lock.get(stage, {}).get("deps", [])
    return next((entry.get("md5") for entry in entries if entry["path"] == path), None)
