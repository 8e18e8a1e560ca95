"""Draws of a few rows a label, what each arm makes of them, and the file that keeps the measurements."""

import hashlib
import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
from filelock import FileLock
from transformers import AutoTokenizer

from textclf.cache import cache_folder
from textclf.data.corpus import read_splits
from textclf.data.ids import row_ids
from textclf.data.label_texts import label_texts
from textclf.data.leaks import same_texts
from textclf.data.rows_per_label import rows_per_label
from textclf.data.source_spec import read_source
from textclf.encoders.checkpoint_spec import read_checkpoint
from textclf.encoders.checkpoints import locate
from textclf.errors import InputError
from textclf.oos.labels import is_out
from textclf.outputs import write_json
from textclf.params import read_params
from textclf.rows import Rows, label_rows, new_rows
from tools.few_labels.arms import BY_VALIDATION, SETFIT, DataSet, accuracy, arm_params
from tools.runs.config import switched_on, unread

RESULTS = Path("results/few-labels.json")
UNREAD = {"augment", "dataset", "prepare", "spelling", "split"}  # of stages that this measurement does without
PLACE = ("dataset", "arm", "rows", "draw")  # of a measurement in the tables
Record = dict[str, Any]


def read_results() -> list[Record]:
    """Return the measurements so far: dataset, arm, rows a label, draw, accuracy and seconds."""
    return json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else []


def measure(dataset: str, arms: list[str], numbers: list[int], draws: int) -> None:
    """Measure `arms` on draws of so many rows a label of `dataset`; add to the results and print a line for each."""
    data = read_data(dataset)
    for number in numbers:
        for draw in range(draws):
            for arm in arms:
                if (arm == "zero_shot" and (draw or number != numbers[0])) or (arm == BY_VALIDATION and number < 2):
                    continue  # zero_shot takes no rows, and of a single row none is left to choose by
                key = _key(arm, data, 0 if arm == "zero_shot" else number, draw)
                if not any(key.items() <= known.items() for known in read_results()):
                    _add(key | _measured(arm, data, draw_rows(data, number, draw), draw))


def _key(arm: str, data: DataSet, number: int, draw: int) -> Record:
    """Return what is measured; with another checkpoint, other parameters or other rows it is another one."""
    params = {} if arm == SETFIT else arm_params(arm).model_dump()
    skipped = UNREAD | unread(params["method"]) if params else set()
    read = {key: value for key, value in params.items() if key not in skipped}
    rows = [(part.ids, part.labels.tolist()) for part in (data.train, data.test)]  # draws follow from them
    checkpoint = data.checkpoint.model_dump(mode="json")
    content = json.dumps([switched_on(read), checkpoint, data.label_texts, rows], sort_keys=True)
    place = {"dataset": data.name, "arm": arm, "rows": number, "draw": draw}
    return place | {"configuration": hashlib.sha256(content.encode()).hexdigest()[:16]}


def _measured(arm: str, data: DataSet, drawn: tuple[Rows, Rows], draw: int) -> Record:
    """Return the accuracy, and of the first draw the CPU seconds; later draws find their vectors in the cache."""
    if arm == SETFIT:
        from tools.few_labels.setfit_environment import setfit_accuracy

        found, seconds = setfit_accuracy(data, drawn[0])
    else:
        found, seconds = accuracy(arm, data, *drawn, draw > 0)
    return {"accuracy": round(found, 4)} | ({"cpu_seconds": round(seconds, 1)} if arm == SETFIT or not draw else {})


def _add(record: Record) -> None:
    """Keep a measurement in the place of the older one of its draw, and of draws that were measured otherwise."""
    with FileLock(cache_folder("few-labels").with_suffix(".lock")):  # SetFit may be measured at the same time
        results = [one for one in read_results() if not _replaced(one, record)] + [record]
        write_json(RESULTS, sorted(results, key=lambda one: [one[key] for key in PLACE]))
    print(", ".join(f"{key} {value}" for key, value in record.items()), flush=True)


def _replaced(known: Record, new: Record) -> bool:
    """Return whether `known` is of the same cell of the tables, and of the same draw or of another configuration."""
    if any(known[key] != new[key] for key in PLACE[:-1]):
        return False
    return bool(known["draw"] == new["draw"] or known.get("configuration") != new["configuration"])


def draw_rows(data: DataSet, number: int, draw: int) -> tuple[Rows, Rows]:
    """Return `number` training rows of each label, drawn with the seed `draw`, and a tenth as many for validation.

    A label that has fewer gives what it has.
    """
    table = pd.DataFrame({"id": data.train.ids, "label": data.train.labels})
    more = rows_per_label(table, number + math.ceil(number / 10), draw).index
    train = rows_per_label(table, number, draw).index  # a part of these
    return data.train.take(train.tolist()), data.train.take(more.difference(train).tolist())


def read_data(dataset: str) -> DataSet:
    """Return the data set, without training rows whose text is also in test, tokenized for the model of params.yaml."""
    params, source = read_params(), read_source(dataset, Path("data/sources"))
    table = read_splits(source, dataset)
    table = table[~table["label"].map(is_out)]
    train, test = (table[table["split"] == name] for name in ("train", "test"))
    if train.empty or test.empty:
        raise InputError(f"{dataset} has no training or no test rows of its own; use another data set")
    train = train[~same_texts(train["text"]).isin(set(same_texts(test["text"])))]
    labels = sorted(set(train["label"]))
    checkpoint = read_checkpoint(params.model, Path("models/checkpoints"))
    folder = locate(checkpoint)
    tokenizer = AutoTokenizer.from_pretrained(folder, model_max_length=params.max_length)
    return DataSet(
        dataset,
        labels,
        label_texts(labels, source.descriptions or {}),
        _labeled(train, labels, tokenizer),
        _labeled(test, labels, tokenizer),
        checkpoint,
        folder,
        cache_folder("vectors"),
    )


def _labeled(table: pd.DataFrame, labels: list[str], tokenizer: Any) -> Rows:
    rows = new_rows(table["text"].tolist(), tokenizer)
    return label_rows(rows, row_ids(table).tolist(), table["label"].tolist(), labels)
