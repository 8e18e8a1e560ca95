"""The numbers of a model card: scores with intervals, slices, weakest labels, data files with their checksums."""

import hashlib
from typing import Any

import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from textclf.metrics.slices import each_slice, slices
from tools.runs.run import Run
from tools.stats.influence import F1_BY_LABEL, interval, scores, to_side

ROBUSTNESS = "plots/robustness.csv"

Rows = list[dict[str, Any]]


def score_rows(run: Run) -> Rows:
    """Return each score on test, its 95% interval over test rows, and the score on validation.

    The interval of accuracy is Wilson's (1927). ece has none, and another score has none if it varies with no row.
    """
    validation: dict[str, float] = run.revision.json("metrics/validation.json")
    side = to_side(run.predictions, run.labels, run.scores.get("roc_auc"))
    found = {name: score for name, score in scores(side, len(run.labels)).items() if name != F1_BY_LABEL}
    intervals = {name: interval(score) for name, score in found.items() if score.influence.any()}
    hits = side.actual == side.predicted
    intervals["accuracy"] = proportion_confint(int(hits.sum()), len(hits), method="wilson")
    return [
        {"score": name, "test": value, "interval": intervals.get(name), "validation": validation.get(name, "no rows")}
        for name, value in run.scores.items()
        if name != "rows"
    ]


def slice_rows(run: Run) -> Rows:
    """Return accuracy on each slice of the test rows, with Wilson's 95% interval."""
    right = run.predictions["actual"] == run.predictions["predicted"]
    parts = slices(run.rows, right.index)
    table = []
    for column, value, ids in each_slice(parts):
        hits = int(right[ids].sum())
        interval = proportion_confint(hits, len(ids), method="wilson")
        accuracy = hits / len(ids)
        table.append({"by": column, "slice": value, "rows": len(ids), "accuracy": accuracy, "interval": interval})
    return table


def robustness_rows(run: Run) -> Rows:
    """Return for each change of texts the test rows' accuracy and the share of answers that changed, with intervals."""
    if not run.revision.tracked(ROBUSTNESS):
        return []
    table = run.revision.csv(ROBUSTNESS)
    rows: Rows = table[table["split"] == "test"].to_dict("records")  # an empty cell is empty text
    return [row | {f"{name}_interval": _ends(row, name) for name in ("accuracy", "share")} for row in rows]


def _ends(row: dict[str, Any], name: str) -> tuple[float, float] | None:
    return None if row[name] == "" else (float(row[f"{name}_low"]), float(row[f"{name}_high"]))


def weakest_labels(run: Run, number: int = 5) -> Rows:
    """Return the labels with the lowest F1 on test, the weakest first."""
    table: pd.DataFrame = run.revision.csv("plots/classes.csv")
    rows: Rows = table.sort_values("f1", kind="stable").head(number).to_dict("records")
    return rows


def data_files(run: Run) -> Rows:
    """Return the files that the rows come from, each with its sha256, from the data set's spec."""
    spec = run.revision.yaml(f"data/sources/{run.params['dataset']}.yaml")
    apart = (spec.get("out_of_scope") or {}).get("files") or {}
    files = [*spec["files"].values(), *(apart.values() if run.params["oos"]["method"] != "none" else [])]
    return [_file(run, {"path": file} if isinstance(file, str) else file) for file in files]


def _file(run: Run, file: dict[str, str]) -> dict[str, str]:
    name = file.get("url") or file.get("path") or file["name"]
    known = file.get("sha256")
    return {"name": name, "sha256": known or hashlib.sha256(run.revision.read(file["path"])).hexdigest()}
