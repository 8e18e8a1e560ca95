"""Do a run's files belong together? Its parameters, code, inputs and outputs, compared with its dvc.lock.

Where a file cannot be checked, the run counts as stale. Files that DVC alone keeps need not be here: dvc.lock has the
md5 of each as one stage wrote it and as others read it.
"""

import json
import re
from collections.abc import Iterable, Iterator

from textclf.errors import InputError
from tools.processes import output
from tools.runs.config import looked_up
from tools.runs.run import Run

CHECKS = {"check"}  # stages that decide nothing: a comment in params.yaml makes no score stale


def stale(run: Run) -> str | None:
    """Return why the run's files don't belong to its parameters and code, by its dvc.lock, or None. Runs nothing."""
    reason = next(_reasons(run), None)
    return reason and f"{run.revision.name}: its scores are stale: {reason}"


def check_current(run: Run) -> None:
    """Raise `InputError` for a run that is `stale`."""
    if reason := stale(run):
        raise InputError(reason)


def check_params(run: Run, names: Iterable[str]) -> None:
    """Raise `InputError` if one of the stages `names` hasn't run, or ran with other parameters than the run has."""
    for name in names:
        if name not in run.lock:
            raise InputError(f"{run.revision.name}: stage {name} has not run; run dvc repro")
        if reason := next(_changed_params(run, name), None):
            raise InputError(f"{run.revision.name}: {reason}; run dvc repro")


def _reasons(run: Run) -> Iterator[str]:
    if missing := sorted(set(run.stages) ^ set(run.lock)):
        yield f"dvc.yaml and dvc.lock disagree about stage {missing[0]}"
    written = {entry["path"]: (entry.get("md5"), name) for name in run.lock for entry in run.lock[name].get("outs", [])}
    for name in (stage for stage in run.lock if stage not in CHECKS):
        yield from _changed_params(run, name)
        yield from _changed_inputs(run, name, written)
        yield from _changed_outputs(run, name)
    if run.revision.sha is None:
        yield from _changed_in_workspace()


def _changed_params(run: Run, name: str) -> Iterator[str]:
    for path, recorded in run.lock[name].get("params", {}).get("params.yaml", {}).items():
        if (now := looked_up(run.params, path)) != recorded:
            yield f"{path} is {now!r} but was {recorded!r} when stage {name} ran"


def _changed_inputs(run: Run, name: str, written: dict[str, tuple[str | None, str]]) -> Iterator[str]:
    locked = run.lock[name].get("deps", [])
    deps = run.stages[name].get("deps", [])
    wanted = {re.sub(r"\$\{(\w+)\}", lambda key: str(run.params[key[1]]), path) for path in deps}
    if missing := sorted(wanted ^ {entry["path"] for entry in locked}):
        yield f"dvc.yaml and dvc.lock disagree on whether stage {name} depends on {missing[0]}"
    for entry in locked:
        path, md5 = entry["path"], entry.get("md5")
        if path in written:
            if written[path][0] != md5:
                yield f"stage {name} read a different {path} from the one that stage {written[path][1]} last wrote"
        elif part := next((out for out in written if path.startswith(f"{out}/")), None):
            yield f"{path}, which stage {name} read, cannot be compared: dvc.lock has only the md5 of {part}"
        elif run.revision.md5(path) != md5:
            yield f"{path} has changed since stage {name} read it"


def _changed_outputs(run: Run, name: str) -> Iterator[str]:
    for entry in run.lock[name].get("outs", []):
        in_git = run.revision.tracked(entry["path"])
        if in_git is not None and run.revision.md5(entry["path"]) != entry.get("md5"):
            yield f"{entry['path']} has changed since stage {name} wrote it"


def _changed_in_workspace() -> Iterator[str]:
    """Ask DVC about the outputs that it keeps; those that are not here were checked by their md5 in dvc.lock."""
    for name, changes in json.loads(output("dvc", "status", "--json")).items():
        for change in changes:
            for path, how in change.get("changed outs", {}).items() if isinstance(change, dict) else ():
                if how == "modified":
                    yield f"{path} has changed since stage {name} wrote it"
