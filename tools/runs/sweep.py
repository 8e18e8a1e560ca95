"""Combinations of values, each an experiment: on a Ray cluster, or in DVC's queue."""

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterable
from itertools import product
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from textclf.errors import InputError
from textclf.revisions import WORKSPACE, check_git_config, check_queue, check_whole, resolve, snapshot
from tools.cluster.experiments import Resources, run_experiments
from tools.cluster.node import Experiment
from tools.processes import output, set_options
from tools.runs.checked import check_overrides
from tools.runs.experiments import mirrors
from tools.runs.overrides import assignments, merged

AT_LEVEL_0 = re.compile(r",(?![^\[{]*[\]}])")  # a comma that is in no list


def combinations(entries: Iterable[str]) -> list[dict[str, Any]]:
    """Return every combination of the values, such as `lr=1e-4,2e-4` and `seed=1,2`, as overrides of params.yaml.

    >>> combinations(["lora.r=4,8", "seed=1"])
    [{'lora': {'r': 4}, 'seed': 1}, {'lora': {'r': 8}, 'seed': 1}]
    """
    keys: dict[str, list[dict[str, Any]]] = {}
    for entry in entries:
        key, equals, values = entry.partition("=")
        if not re.fullmatch(r"\w+(\.\w+)*", key) or not equals or not values:
            raise InputError(f"{entry}: key=value,value is needed, such as lr=1e-4,5e-5")
        if key in keys:
            raise InputError(f"{key} is given twice; give all of its values at once: {key}=value,value")
        keys[key] = [nested(key, _value(entry, value)) for value in AT_LEVEL_0.split(values)]
    combined = []
    for parts in product(*keys.values()):
        one: dict[str, Any] = {}
        for part in parts:
            one = merged(one, part)
        if one in combined:
            raise InputError(f"{' '.join(assignments(one))} is there twice; each combination is run once")
        combined.append(one)
    return combined


def nested(key: str, value: Any) -> dict[str, Any]:
    """Return the value under its key, section by section.

    >>> nested("lora.r", 8)
    {'lora': {'r': 8}}
    """
    for part in reversed(key.split(".")):
        value = {part: value}
    return dict(value)


def _value(entry: str, text: str) -> Any:
    try:
        return YAML(typ="safe", pure=True).load(text)
    except YAMLError:
        raise InputError(f"{entry}: {text!r} is not a value; key=value,value is needed, such as lr=1e-4,5e-5") from None


def check_combinations(combined: list[dict[str, Any]]) -> None:
    """Raise `InputError` for a combination that params.yaml's schema or the specs don't allow."""
    for one in combined:
        check_overrides(one, " ".join(assignments(one)))


def commits() -> tuple[str, str]:
    """Return the commit that experiments of the workspace belong to, and one with its uncommitted changes."""
    workspace = resolve(WORKSPACE)
    return workspace.commit, snapshot(workspace)


def named(combined: list[dict[str, Any]], prefix: str = "sweep") -> list[Experiment]:
    """Return an experiment for each combination, its name a hash of it and of the code."""
    baseline, state = commits()
    tree = output("git", "rev-parse", f"{state}^{{tree}}")
    experiments = []
    for one in combined:
        digest = hashlib.sha256(json.dumps([baseline, tree, one], sort_keys=True).encode()).hexdigest()
        experiments.append(Experiment(f"{prefix}-{digest[:8]}", assignments(one)))
    return experiments


def sweep(experiments: list[Experiment], resources: Resources | None, resume: bool) -> None:
    """Run the experiments on the cluster, or queue them without one; `resume` leaves out those that are here."""
    known = set(output("git", "for-each-ref", "--format=%(refname:lstrip=4)", "refs/exps/*/*/*").split())
    missing = [one for one in experiments if one.name not in known]
    if len(missing) < len(experiments):
        there = next(one.name for one in experiments if one.name in known)
        if not resume:
            raise InputError(f"the experiment {there} is already there; --resume runs those that are missing")
        print(f"{len(experiments) - len(missing)} of {len(experiments)} experiments are here", file=sys.stderr)
    if not missing:
        return
    if resources is None:
        queue(missing)
        return
    check_whole()
    failures = run_experiments(commits(), missing, resources, mirrors())
    if failures:
        again = "the same command" if resume else "--resume"
        raise InputError(f"{len(failures)} of {len(missing)} experiments failed; {again} runs them again")
    print(f"{len(missing)} experiments are here: dvc exp show", file=sys.stderr)


def queue(experiments: list[Experiment]) -> None:
    """Put the experiments into DVC's queue, those that are not there."""
    check_queue()
    check_git_config()
    rows = [line.split() for line in output("dvc", "queue", "status").splitlines()]
    waiting = {name for row in rows if row[-1:] in (["Queued"], ["Running"]) for name in row}
    new = [one for one in experiments if one.name not in waiting]
    for one in new:
        command = ["dvc", "exp", "run", "--queue", "--name", one.name, *set_options(one.values)]
        if code := subprocess.run(command).returncode:
            raise InputError(f"{one.name} was not queued (exit code {code}); see above")
    there = f" ({len(experiments) - len(new)} were queued before)" if len(new) < len(experiments) else ""
    print(f"queued {len(new)} experiments{there}; dvc queue start runs them", file=sys.stderr)
