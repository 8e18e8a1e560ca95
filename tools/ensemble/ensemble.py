"""The mean of several runs' calibrated probabilities, scored on validation and test rows beside the runs themselves."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from textclf.errors import InputError
from textclf.metrics.selection import selection_scores
from textclf.probabilities import Labels, Probabilities, label_ids, softmax
from tools.markdown_table import code, table
from tools.runs.run import Run
from tools.runs.stale import check_current

SPLITS = ("validation", "test")
COLUMNS = ("run", "validation accuracy", "validation log-loss", "accuracy", "macro F1", "log-loss", "MB")


@dataclass(frozen=True)
class Predicted:
    """The rows of a split in the order of their ids: label numbers, and probabilities, shape (rows, labels)."""

    ids: list[str]
    actual: Labels
    probabilities: Probabilities


def ensemble_table(runs: list[Run]) -> list[str]:
    """Return the lines of a table: a row for each run, one for the mean of their probabilities.

    Raises `InputError` for runs that are stale, have other labels or other rows than the first, or come twice.
    """
    for run in runs:
        check_current(run)
        if run.labels != runs[0].labels:
            raise InputError(f"{run.revision.name} has other labels than {runs[0].revision.name}")
    splits = {split: [_predicted(run, split) for run in runs] for split in SPLITS}
    for split, parts in splits.items():
        _check_same_rows(split, parts, runs)
    _check_distinct(splits, runs)
    sizes = [float(run.revision.json("metrics/train.json")["size_mb"]) for run in runs]
    rows = [
        _row(code(run.revision.name), [splits[split][number] for split in SPLITS], sizes[number])
        for number, run in enumerate(runs)
    ]
    together = _row(f"mean of the {len(runs)}", [_mean(splits[split]) for split in SPLITS], sum(sizes))
    return table(COLUMNS, [*rows, together])


def _predicted(run: Run, split: str) -> Predicted:
    rows = run.revision.parquet(f"data/predicted/{split}.parquet").sort_values("id")
    temperature = run.revision.json("metrics/calibration.json")["temperature"]
    logits = np.stack(rows["logits"].tolist()) if len(rows) else np.empty((0, len(run.labels)))
    return Predicted(rows["id"].tolist(), label_ids(rows["actual"].tolist(), run.labels), softmax(logits / temperature))


def _check_same_rows(split: str, parts: list[Predicted], runs: list[Run]) -> None:
    for run, part in zip(runs, parts, strict=True):
        if part.ids != parts[0].ids or not np.array_equal(part.actual, parts[0].actual):
            raise InputError(f"{run.revision.name} has other {split} rows than {runs[0].revision.name}")


def _check_distinct(splits: dict[str, list[Predicted]], runs: list[Run]) -> None:
    """Raise `InputError` for a run that comes twice: under two names, as the workspace, or in a later commit."""
    for one, other in combinations(range(len(runs)), 2):
        if all(np.array_equal(part[one].probabilities, part[other].probabilities) for part in splits.values()):
            names = runs[other].revision.name, runs[one].revision.name
            raise InputError(f"{names[0]} has the same predictions as {names[1]}: give each run once")


def _mean(parts: list[Predicted]) -> Predicted:
    return Predicted(parts[0].ids, parts[0].actual, np.mean([part.probabilities for part in parts], axis=0))


def _row(name: str, splits: list[Predicted], size: float) -> list[str]:
    validation, test = (
        selection_scores(part.actual, part.probabilities) if part.ids else dict.fromkeys(("accuracy", "log_loss"))
        for part in splits
    )
    scores = [validation["accuracy"], validation["log_loss"], *test.values()]
    return [name, *("" if score is None else f"{score:.4f}" for score in scores), f"{size:.1f}"]
