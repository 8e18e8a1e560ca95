"""Recorded seeds: what several seeds of one configuration predict for the test rows, small and in git.

results/seeds/<config hash>/record.json has the seeds' scores, <seed>.parquet their predictions, and <seed>-oos.parquet
their out-of-scope decisions. The ids of a test set are stored once, in results/seeds/test-sets.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, ValidationError

from textclf.atomic import replace_file
from textclf.errors import InputError
from textclf.outputs import write_json
from textclf.probabilities import label_ids
from tools.runs.config import config_hash, same_settings
from tools.runs.run import PREDICTIONS, Run

FOLDER = Path("results/seeds")
TEST_SETS = FOLDER / "test-sets"


class Seed(BaseModel):
    """What record.json says of a seed."""

    processor: str
    predictions: str  # the md5 of the run's predictions
    scores: dict[str, float | None]


class Content(BaseModel):
    """What record.json holds."""

    params: dict[str, Any]
    labels: list[str]
    train_rows: int
    test_set: str
    seeds: dict[int, Seed]


@dataclass(frozen=True)
class Record:
    """The recorded seeds of a configuration; the folder has the name that `config_hash` gave it then."""

    folder: Path

    @cached_property
    def content(self) -> dict[str, Any]:
        """What record.json holds: params, labels, train_rows, test_set, and a mapping by seed."""
        file = self.folder / "record.json"
        try:
            content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
            Content.model_validate(content)
        except ValidationError as error:
            where = ".".join(map(str, error.errors()[0]["loc"])) or "it holds no mapping"
            raise damaged(file, where) from None
        except ValueError:
            raise damaged(file, "no valid JSON") from None
        return content

    @property
    def seeds(self) -> list[int]:
        """The seeds that are recorded, in order."""
        return sorted(map(int, self.content["seeds"]))

    def scores(self, name: str) -> list[float]:
        """Return a score of each seed that has it, in the order of the seeds."""
        found = [self.content["seeds"][str(seed)] for seed in self.seeds]
        return [one["scores"][name] for one in found if name in one["scores"]]

    def mean(self, name: str) -> float:
        """Return the mean of a score over the seeds."""
        return float(np.mean(self.scores(name)))

    def deviation(self, name: str) -> float:
        """Return the standard deviation of a score over the seeds (n - 1 in the denominator)."""
        return float(np.std(self.scores(name), ddof=1))

    def predictions(self, seed: int) -> pd.DataFrame:
        """Return a seed's actual, predicted, confidence, loss and, if it has one, auc, by id."""
        labels, rows = np.array(self.content["labels"], dtype=object), self._rows
        file = self.folder / f"{seed}.parquet"
        table = _read(file)
        if reason := self._mismatch(table, rows, seed):
            raise damaged(file, reason)
        numbers = table.drop(columns="predicted").astype(float)
        both = {"actual": labels[rows["actual"]], "predicted": labels[table["predicted"]]}
        return pd.DataFrame(both, index=pd.Index(rows["id"], name="id")).join(numbers.set_index(pd.Index(rows["id"])))

    def _mismatch(self, table: pd.DataFrame, rows: pd.DataFrame, seed: int) -> str:
        """Return why these can't be the predictions that were recorded; nothing if they can."""
        if not {"predicted", "confidence", "loss"} <= set(table.columns) or len(table) != len(rows):
            return f"not the predictions of {len(rows):,} rows"
        if table["predicted"].max() >= len(self.content["labels"]) or table.isna().any(axis=None):
            return "a prediction is no label, or has no loss"
        accuracy = float((table["predicted"].to_numpy() == rows["actual"].to_numpy()).mean())
        recorded = self.content["seeds"][str(seed)]["scores"]["accuracy"]
        return "" if abs(accuracy - recorded) < 1e-4 else f"accuracy {accuracy:.4f}, and record.json says {recorded}"

    def decisions(self, seed: int) -> pd.DataFrame | None:
        """Return a seed's out-of-scope decisions by id, or None if it made none."""
        file = self.folder / f"{seed}-oos.parquet"
        return _read(file).set_index("id") if file.is_file() else None

    def agrees(self, run: Run) -> bool:
        """Return whether the record is of the run's configuration and code.

        They are the same if parameters and labels are, and the run's seed, on its processor, predicts and decides what
        is recorded. What can't be checked is not believed.
        """
        if not same_settings(self.content["params"], run) or self.content["labels"] != run.labels:
            return False
        known = self.content["seeds"].get(str(run.params["seed"]))
        if known is None or known["processor"] != run.machine.get("processor"):
            return False
        if known["predictions"] != run.revision.md5(PREDICTIONS):
            return False
        return _decided(self.decisions(int(run.params["seed"]))) == _decided(run.decisions)

    @cached_property
    def _rows(self) -> pd.DataFrame:
        return _read(TEST_SETS / f"{self.content['test_set']}.parquet")


def _decided(decisions: pd.DataFrame | None) -> list[list[str]] | None:
    """Return ids, actual and predicted labels of out-of-scope decisions, or None if there are none."""
    if decisions is None:
        return None
    rows: list[list[str]] = decisions[["actual", "predicted"]].sort_index().reset_index().to_numpy().tolist()
    return rows


def damaged(file: Path, reason: str) -> InputError:
    """Return the error for a file of a record that isn't what was written."""
    return InputError(f"{file} is damaged ({reason}); restore it from git, or remove the folder of its record")


def _read(file: Path) -> pd.DataFrame:
    if not file.is_file():
        raise InputError(f"{file} is missing, but a record.json needs it; git add results/seeds where it was made")
    try:
        return pd.read_parquet(file)
    except (ValueError, OSError) as error:  # of pyarrow
        raise damaged(file, " ".join(str(error).split())[:100]) from None


def read_record(run: Run) -> Record | None:
    """Return the record of the run's configuration and code; None if there is none."""
    return next((record for record in all_records() if record.agrees(run)), None)


def new_folder(run: Run) -> Path:
    """Return the folder for the run's record: that of its configuration, or one beside it if other code is there."""
    name = str(config_hash(run))
    taken = (FOLDER / name / "record.json").is_file()
    code = hashlib.sha256(f"{run.machine['processor']} {run.revision.md5(PREDICTIONS)}".encode()).hexdigest()
    return FOLDER / (f"{name}-{code[:7]}" if taken else name)


def record_of(name: str | None) -> Record | None:
    """Return what is recorded in the folder `name`; None without a name or a record."""
    return Record(FOLDER / name) if name and (FOLDER / name / "record.json").is_file() else None


def all_records() -> Iterator[Record]:
    """Yield every record."""
    yield from (Record(file.parent) for file in sorted(FOLDER.glob("*/record.json")))


def write_seed(run: Run, folder: Path) -> None:
    """Add the run's predictions to the record in `folder`; its seed replaces an older one."""
    labels, table = run.labels, run.predictions
    columns = {"predicted": label_ids(table["predicted"].tolist(), labels).astype(np.uint16)}
    columns |= {name: table[name].to_numpy(np.float16) for name in ("confidence", "loss", "auc") if name in table}
    seed = int(run.params["seed"])
    _write(pd.DataFrame(columns), folder / f"{seed}.parquet")  # before record.json, which says that it is there
    if run.decisions is not None:
        _write(run.decisions.reset_index().astype({"score": np.float32}), folder / f"{seed}-oos.parquet")
    old = Record(folder).content["seeds"] if (folder / "record.json").is_file() else {}
    entry = {
        "processor": run.machine["processor"],
        "predictions": run.revision.md5(PREDICTIONS),
        "scores": {name: value for name, value in run.scores.items() if name != "rows"} | run.oos_scores,
    }
    seeds = old | {str(seed): entry}
    content = {
        "params": {key: value for key, value in run.params.items() if key != "seed"},
        "labels": labels,
        "train_rows": run.revision.json("metrics/split.json")["train"],
        "test_set": _write_test_set(table, labels),
        "seeds": {key: seeds[key] for key in sorted(seeds, key=int)},
    }
    write_json(folder / "record.json", content)


def _write_test_set(table: pd.DataFrame, labels: list[str]) -> str:
    ids, actual = table.index.tolist(), label_ids(table["actual"].tolist(), labels)
    name = hashlib.sha256(json.dumps([ids, actual.tolist()]).encode()).hexdigest()[:16]
    if not (TEST_SETS / f"{name}.parquet").is_file():
        _write(pd.DataFrame({"id": ids, "actual": actual.astype(np.uint16)}), TEST_SETS / f"{name}.parquet")
    return name


def _write(table: pd.DataFrame, path: Path) -> None:
    with replace_file(path) as part:
        table.to_parquet(part, index=False, compression="zstd")
