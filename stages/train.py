"""Train: fit a classifier on the training rows by the chosen method, its best epoch chosen on the validation rows."""

import importlib
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from textclf import classifiers, process
from textclf.cache import cache_folder
from textclf.encoders.checkpoints import Checkpoint, locate
from textclf.encoders.machine import processor_kind
from textclf.errors import InputError
from textclf.outputs import ensure_parent, write_json
from textclf.params import Params, read_params
from textclf.preparation import preparation
from textclf.rows import Rows, read_label_texts, read_labels, read_rows, read_tokens
from textclf.training import workers
from textclf.training.advice import advise
from textclf.training.few_rows import is_few, rows_each
from textclf.training.resampling import resample
from textclf.training.resume import locked, resume_folder
from textclf.training.task import Task, Trained

LABELS = Path("data/raw/labels.json")
CHECKPOINT = Path("data/tokenized/checkpoint.json")
TOKENIZED = Path("data/tokenized/rows.parquet")
LABEL_TEXTS = Path("data/tokenized/label_texts.json")
TAUGHT = Path("data/taught.parquet")
AUGMENTED = Path("data/augmented.parquet")
PREPARATION = Path("data/preparation")
TRAIN = Path("data/splits/train.csv")
VALIDATION = Path("data/splits/validation.csv")
REQUIREMENTS = Path("requirements/train.txt")
TRAINED = Path("models/trained")
CURVE = Path("plots/learning_curve.csv")
METRICS = Path("metrics/train.json")


def read_task(params: Params, resume_dir: Path) -> Task:
    """Return the task for the method; `InputError` without training rows, unless the method needs none."""
    checkpoint = Checkpoint.model_validate_json(CHECKPOINT.read_bytes())
    labels, tokens = read_labels(LABELS), read_tokens(TOKENIZED)
    train, validation = (read_rows(path, tokens, labels) for path in (TRAIN, VALIDATION))
    if params.method != "zero_shot" and not train.ids:
        raise InputError(f"params.yaml: method = {params.method!r} has no training rows; zero_shot needs none")
    folder, vectors = locate(checkpoint), cache_folder("vectors")
    texts = read_label_texts(LABEL_TEXTS)
    task = Task(checkpoint, folder, labels, train, validation, params, resume_dir, vectors, CURVE, label_texts=texts)
    augmented = pd.read_parquet(AUGMENTED)
    if len(augmented):
        from textclf.training.augmentation import augment  # imports transformers

        task = augment(task, augmented, preparation.load(PREPARATION))
    train = resample(task.train, params.sampling, params.seed)
    parents = {row.id: row.parent for row in augmented.itertuples() if row.parent}
    return replace(task, train=train, parents=parents, taught=read_taught(train, labels, parents))


def read_taught(train: Rows, labels: list[str], parents: dict[str, str]) -> NDArray[np.float64] | None:
    """Return the teachers' probabilities of the rows, shape (rows, labels), or None without teachers.

    A further text is taught what its parent is.
    """
    table = pd.read_parquet(TAUGHT).set_index("id")
    return None if table.empty else np.asarray(table.loc[[parents.get(row, row) for row in train.ids], labels])


def training_metrics(trained: Trained, folder: Path, params: Params) -> dict[str, Any]:
    """Return validation's choice, the trained share, the size of `folder`, and the machine that the bytes depend on."""
    kept = next(row for row in trained.curve if row["kept"])
    chosen = {"C": kept["C"]} if "C" in kept else {"epochs": len(trained.curve), "best_epoch": kept["epoch"]}
    share = trained.trainable / trained.parameters if trained.parameters else 0.0
    return chosen | {
        "trainable_parameters": trained.trainable,
        "trainable_share": round(share, 4),
        "size_mb": round(sum(file.stat().st_size for file in folder.iterdir()) / 1e6, 2),
        "processor": processor_kind(params.device),
        "threads": workers.threads_each(params.workers),
        "precision": trained.classifier.precision,
    }


def main() -> None:
    """Write models/trained, plots/learning_curve.csv and metrics/train.json."""
    params = read_params()
    code = [Path("stages/train.py"), *Path("textclf").rglob("*.py"), *Path("textclf").rglob("*.txt")]
    inputs = [AUGMENTED, LABELS, LABEL_TEXTS, CHECKPOINT, TAUGHT, TOKENIZED, TRAIN, VALIDATION, REQUIREMENTS]
    inputs += (file for file in PREPARATION.rglob("*") if file.is_file())
    resume_dir = resume_folder(params, [*code, *inputs], workers.threads_each(params.workers))
    method = importlib.import_module(f"textclf.methods.{params.method}")
    with locked(resume_dir):
        task = read_task(params, resume_dir)
        if is_few(task):
            advise(params, rows_each(task))
        if params.workers > 1:
            workers.train_epochs(task, method.train)  # leaves the epochs in resume_dir, from which the method goes on
        trained: Trained = method.train(task)
        classifiers.save(trained.classifier, TRAINED)
        pd.DataFrame(trained.curve).to_csv(ensure_parent(CURVE), index=False)
        write_json(METRICS, training_metrics(trained, TRAINED, params))
        shutil.rmtree(resume_dir, ignore_errors=True)


if __name__ == "__main__":
    process.run(main)
