"""The changes between two runs: parameters, data, code, packages, a line each."""

import pandas as pd

from textclf.oos.labels import is_out
from tools.deps import BY_METHOD
from tools.review.data_changes import FURTHER, further_texts, same_rows
from tools.runs.overrides import flat
from tools.runs.run import Run, outputs

REQUIREMENTS = "requirements.txt"


def changes(base: Run, head: Run) -> list[tuple[str, str]]:
    """Return (kind, sentence) for everything that differs; empty if the runs have the same inputs."""
    return [
        *(("parameter", line) for line in changed_params(base, head)),
        *(("data", line) for line in changed_data(base, head)),
        *(("code", line) for line in changed_code(base, head)),
        *(("environment", line) for line in changed_versions(base, head)),
    ]


def changed_params(base: Run, head: Run) -> list[str]:
    """Return `lr: 0.0001 -> 0.0002` and the like."""
    before, after = (flat(run.params) for run in (base, head))
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    return [f"{key}: {before.get(key, 'absent')} -> {after.get(key, 'absent')}" for key in keys]


def changed_data(base: Run, head: Run) -> list[str]:
    """Return how many rows were added, removed and relabeled, by split; the same bytes are not even read."""
    if same_rows(base, head):
        return []
    before, after = _parts(base), _parts(head)
    lines = []
    for split in {**before, **after}:
        old, new = (parts.get(split, pd.Series(dtype=str)) for parts in (before, after))
        shared = old.index.intersection(new.index)
        added, removed = len(new) - len(shared), len(old) - len(shared)
        relabeled = int((old[shared] != new[shared]).sum())
        if added or removed or relabeled:
            lines.append(f"{split}: {added:,} rows added, {removed:,} removed, {relabeled:,} relabeled")
    shared = base.rows.index.intersection(head.rows.index)
    same = base.rows.loc[shared].equals(head.rows.loc[shared])
    return lines if lines or same else ["the rows' other columns differ"]


def _parts(run: Run) -> dict[str, "pd.Series[str]"]:
    """Return the labels of each split's rows by id, in scope and out of scope separately, and of further texts."""
    rows = pd.concat([run.rows[["label", "split"]], run.oos_rows[["label", "split"]]])
    names = rows["split"] + rows["label"].map(lambda label: ", out of scope" if is_out(label) else "")
    parts = {str(name): part for name, part in rows["label"].groupby(names, sort=False)}
    return parts | {FURTHER: further_texts(run)["label"]}


def changed_code(base: Run, head: Run) -> list[str]:
    """Return the code files of dvc.lock whose bytes differ, with the stages that use them.

    The modules of a method are no change of code where the method is another.
    """
    before, after = _code(base), _code(head)
    methods = {run.params.get("method") for run in (base, head)}
    if len(methods) == 2:
        own = {f"{folder}/{method}.py" for folder in BY_METHOD for method in methods}
        before, after = ({path: by for path, by in code.items() if path not in own} for code in (before, after))
    return [
        f"{path} ({', '.join(sorted(set(before.get(path, {})) | set(after.get(path, {}))))})"
        for path in sorted({**before, **after})
        if set(before.get(path, {}).values()) != set(after.get(path, {}).values())
    ]


def changed_versions(base: Run, head: Run) -> list[str]:
    """Return the pinned packages whose versions differ."""
    before, after = (_pins(run) for run in (base, head))
    names = [name for name in sorted({**before, **after}) if before.get(name) != after.get(name)]
    return [f"{name}: {before.get(name, 'absent')} -> {after.get(name, 'absent')}" for name in names]


def _code(run: Run) -> dict[str, dict[str, str]]:
    files: dict[str, dict[str, str]] = {}
    for name, stage in run.lock.items():
        for entry in stage.get("deps", []):
            if entry["path"].startswith(("stages/", "textclf/")):
                files.setdefault(entry["path"], {})[name] = entry["md5"]
    return files


def _pins(run: Run) -> dict[str, str]:
    lines = run.revision.read(REQUIREMENTS).decode().splitlines()
    return dict(line.split("==", 1) for line in lines if "==" in line)


def same_inputs(base: Run, head: Run) -> bool:
    """Return whether dvc.lock names the same inputs for both: commands, parameters, and all files that no stage writes.

    The first stage only checks, the audit decides no score, and pictures, slices and changed texts come after them.
    """
    return _inputs(base) == _inputs(head)


def _inputs(run: Run) -> dict[str, tuple[object, ...]]:
    written = outputs(run.lock)
    found: dict[str, tuple[object, ...]] = {}
    for name, stage in run.lock.items():
        if name not in ("audit", "check", "plot", "robustness", "slices"):
            deps = {dep["path"]: dep.get("md5") for dep in stage.get("deps", []) if dep["path"] not in written}
            found[name] = (stage.get("cmd"), deps, stage.get("params"))
    return found
