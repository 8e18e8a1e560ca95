"""Do a run's files belong together? Its parameters, code, inputs and outputs, compared with its dvc.lock."""

import re
from collections.abc import Iterator
from typing import Any

from textclf.errors import InputError
from tools.runs.run import Run


def stale(run: Run) -> str | None:
    """Return why the run's files don't belong to its parameters and code, by its dvc.lock, or None. Runs nothing."""
    reason = next((reason for name in run.lock for reason in _stale_stage(run, name)), None)
    return reason and f"{run.revision.name}: its scores are stale: {reason}"


def check_current(run: Run) -> None:
    """Raise `InputError` for a run that is `stale`."""
    if reason := stale(run):
        raise InputError(reason)


def _stale_stage(run: Run, name: str) -> Iterator[str]:
    locked, declared = run.lock[name], run.stages.get(name, {})
    for path, recorded in locked.get("params", {}).get("params.yaml", {}).items():
        if (now := _looked_up(run.params, path)) != recorded:
            yield f"{path} is {now!r}, and was {recorded!r} when stage {name} ran"
    wanted = {re.sub(r"\$\{(\w+)\}", lambda key: str(run.params[key[1]]), path) for path in declared.get("deps", [])}
    if missing := sorted(wanted ^ {entry["path"] for entry in locked.get("deps", [])}):
        yield f"{missing[0]} is a dependency of stage {name} in dvc.yaml or dvc.lock, not in both"
    for kind, did in (("deps", "read"), ("outs", "wrote")):
        for entry in locked.get(kind, []):
            md5 = run.revision.md5(entry["path"])
            if md5 is not None and md5 != entry.get("md5"):
                yield f"{entry['path']} has changed since stage {name} {did} it"


def _looked_up(params: dict[str, Any], path: str) -> Any:
    value: Any = params
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value
