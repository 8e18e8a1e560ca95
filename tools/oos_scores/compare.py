"""The comparison: runs that are not recorded yet are run one after the other, and every score is measured on each."""

import hashlib
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from ruamel.yaml import YAML

from textclf.oos.labels import in_scope, is_out
from textclf.oos.metrics import DIGITS, ranking
from textclf.outputs import write_json
from textclf.params import PARAMS
from textclf.predictions import read_predictions
from textclf.revisions import check_committed, check_queue, resolve
from textclf.rows import read_labels
from tools.oos_scores.candidates import candidate_scores
from tools.oos_scores.plan import Case
from tools.recipe.results import environment
from tools.runs.checked import check_overrides
from tools.runs.config import switched_on, unread
from tools.runs.experiments import ensure_experiment
from tools.runs.overrides import assignments, merged
from tools.runs.run import Run
from tools.runs.seeds import checkout

RESULTS = Path("results/oos-scores.json")
PREDICTED = "data/predicted/oos"

Entry = dict[str, Any]


def compare(cases: list[Case], force: bool) -> None:
    """Run and record all `cases`; those that are recorded for the same parameters only with `force`."""
    for case in cases:
        check_overrides(case.overrides, case.name)
    pending = [case for case in cases if force or not is_recorded(case, read_entries())]
    print(f"{len(cases) - len(pending)} of {len(cases)} runs are recorded in {RESULTS}", flush=True)
    if pending:
        check_queue()
        check_committed()
        commit, values = resolve("HEAD").commit, {case.name: assignments(case.overrides) for case in pending}
        with checkout(commit) as place:
            for number, case in enumerate(pending, 1):
                at = f"[{number} of {len(pending)}] {case.name}"
                print(f"{at}: running", flush=True)
                run = ensure_experiment(place, f"oos-{commit[:7]}-{case.name}", values[case.name])
                entry = {**_description(case), "commit": commit, **environment(run.params["device"]), **measured(run)}
                write_entry(entry)
                print(f"{at}: recorded; the best AUROC is that of {best(entry)}", flush=True)


def measured(run: Run) -> Entry:
    """Return the numbers of rows, and the AUROC, AUPR and FPR@95 of each candidate on the run's test rows."""
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "oos"
        run.revision.fetch(PREDICTED, copy)
        train, validation, test = (
            read_predictions(copy / f"{name}.parquet") for name in ("train", "validation", "test")
        )
        labels = in_scope(read_labels(copy / "labels.json"))
    out = np.array([is_out(label) for label in test.actual])
    found = {
        name: {metric: round(value, DIGITS) for metric, value in ranking(out, scored).items()}
        for name, scored in candidate_scores(train, validation, test, labels).items()
    }
    return {"rows": {"in_scope": int((~out).sum()), "out_of_scope": int(out.sum())}, "scores": found}


def best(entry: Entry) -> str:
    """Return the candidate with the highest AUROC, with it."""
    name = max(entry["scores"], key=lambda name: entry["scores"][name]["auroc"])
    return f"{name}, {entry['scores'][name]['auroc']:.4f}"


def read_entries() -> list[Entry]:
    """Return what is recorded: an entry for each data set, method and draw."""
    entries: list[Entry] = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else []
    return entries


def write_entry(entry: Entry) -> None:
    """Record `entry` in the place of the older one of its case."""
    others = [other for other in read_entries() if _case(other) != _case(entry)]
    write_json(RESULTS, sorted([*others, entry], key=_case))


def is_recorded(case: Case, entries: list[Entry]) -> bool:
    """Return whether the case is recorded with the parameters that it would be run with now."""
    wanted = _description(case)
    return any(all(entry.get(key) == value for key, value in wanted.items()) for entry in entries)


def _case(entry: Entry) -> tuple[str, str, int]:
    return entry["dataset"], entry["method"], entry["draw"]


def _description(case: Case) -> Entry:
    """Return which run it is; `params` is a hash of the parameters that its predictions depend on and that are on."""
    params = merged(YAML(typ="safe", pure=True).load(PARAMS), case.overrides)
    read = switched_on({key: value for key, value in params.items() if key not in unread(case.method)})
    entry = {"dataset": case.dataset, "method": case.method, "draw": case.draw, "held_out": case.held_out}
    return entry | {"params": hashlib.sha256(json.dumps(read, sort_keys=True).encode()).hexdigest()[:16]}
