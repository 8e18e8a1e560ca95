"""The predictions of a run and of the recorded seeds of its configuration, as tables on some test rows."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tools.runs.config import AS_BEFORE, switched_on, unread
from tools.runs.records import Record, all_records, read_record
from tools.runs.run import Run
from tools.stats.difference import SeedVariance, seed_variance
from tools.stats.influence import F1_BY_LABEL, Score, scores, to_side

FEWEST = 3  # seeds of a record that tells something of the spread
ALIKE = 0.2  # share by which the number of training rows may differ


@dataclass(frozen=True)
class Seeds:
    """Tables of predictions, one a seed, the run's own first, and the ROC-AUC of each on all test rows, if known."""

    tables: list[pd.DataFrame]
    roc_auc: list[float | None]

    def scores(self, labels: list[str]) -> list[dict[str, Score]]:
        """Return each seed's scores; roc_auc if all seeds have it."""
        known = all(
            value is not None and "auc" in table for table, value in zip(self.tables, self.roc_auc, strict=True)
        )
        values = self.roc_auc if known else [None] * len(self.tables)
        return [
            scores(to_side(table, labels, value), len(labels)) for table, value in zip(self.tables, values, strict=True)
        ]

    def on(self, ids: pd.Index) -> "Seeds":
        """Return the tables of some rows alone, in that order; a part of the rows has no ROC-AUC."""
        whole = len(ids) == len(self.tables[0])
        return Seeds([table.loc[ids] for table in self.tables], self.roc_auc if whole else [None] * len(self.tables))


def seeds_of(run: Run) -> Seeds:
    """Return the run's own predictions, and those of the other recorded seeds of its configuration."""
    record, own = read_record(run), int(run.params["seed"])
    others = recorded(record, [seed for seed in record.seeds if seed != own]) if record else Seeds([], [])
    return Seeds([run.predictions, *others.tables], [run.scores.get("roc_auc"), *others.roc_auc])


def recorded(record: Record, seeds: list[int]) -> Seeds:
    """Return what is recorded of these seeds."""
    areas = [record.content["seeds"][str(seed)]["scores"].get("roc_auc") for seed in seeds]
    return Seeds([record.predictions(seed) for seed in seeds], areas)


def pooled_variance(train_rows: int, runs: tuple[Run, Run]) -> tuple[dict[str, SeedVariance], int]:
    """Return the variance between seeds, by score, pooled over records with about as many training rows.

    Also of how many records; those of `runs` are among them in any case. A record needs `FEWEST` seeds, and one whose
    seeds all predict the same, of a method that draws nothing, tells nothing of others. Of records of the same training
    one counts, that of `runs` before others. Degrees of freedom add up.
    """
    own = [record for record in map(read_record, runs) if record]
    alike = [record for record in all_records() if _alike(record, train_rows)]
    chosen = {_training(record): record for record in [*alike, *own] if _tells(record)}
    found = [_variances(record) for record in chosen.values()]
    names = {name for one in found for name in one}
    return {name: _pooled([one[name] for one in found if name in one]) for name in sorted(names)}, len(found)


def _alike(record: Record, train_rows: int) -> bool:
    return bool(abs(record.content["train_rows"] - train_rows) <= ALIKE * train_rows)


def _training(record: Record) -> str:
    """Return what the recorded seeds were trained on and how, whatever was made of their answers afterwards."""
    every = record.content["params"]
    left_out = unread(str(every.get("method")))
    params = {key: value for key, value in every.items() if key not in left_out and (key, value) not in AS_BEFORE}
    rows = {key: record.content[key] for key in ("labels", "train_rows", "test_set")}
    return json.dumps([switched_on(params), rows], sort_keys=True)


def _tells(record: Record) -> bool:
    predictions = {one["predictions"] for one in record.content["seeds"].values()}
    return len(record.seeds) >= FEWEST and len(predictions) > 1


def _variances(record: Record) -> dict[str, SeedVariance]:
    each = recorded(record, record.seeds).scores(record.content["labels"])
    return {name: seed_variance([one[name] for one in each]) for name in each[0] if name != F1_BY_LABEL}


def _pooled(parts: Iterable[SeedVariance]) -> SeedVariance:
    every = list(parts)
    freedom = sum(part.freedom for part in every)
    means = [sum(getattr(part, of) * part.freedom for part in every) / freedom for of in ("variance", "whole")]
    return SeedVariance(np.asarray(means[0]), np.asarray(means[1]), freedom)
