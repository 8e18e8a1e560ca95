"""Train: fit a classifier on the training rows by the chosen method, its best epoch chosen on the validation rows."""

import importlib
import shutil
from pathlib import Path

import pandas as pd

from stages import classifiers
from stages.lib import stage
from stages.lib.checkpoints import Checkpoint, locate
from stages.lib.outputs import new, write_json
from stages.lib.params import Params, read_params
from stages.lib.rows import read_labels, read_rows, read_tokens
from stages.lib.sampling import resample
from stages.lib.scratch import scratch_folder
from stages.lib.task import Task, Trained

LABELS = Path("data/raw/labels.json")
CHECKPOINT = Path("data/tokenized/checkpoint.json")
TOKENIZED = Path("data/tokenized/rows.parquet")
TRAIN = Path("data/splits/train.csv")
VALIDATION = Path("data/splits/validation.csv")
REQUIREMENTS = Path("requirements.txt")
CLASSIFIER = Path("models/classifier")
CURVE = Path("plots/learning_curve.csv")
METRICS = Path("metrics/train.json")


def read_task(params: Params, scratch: Path) -> Task:
    """Return what the method is given."""
    checkpoint = Checkpoint.model_validate_json(CHECKPOINT.read_bytes())
    labels, tokens = read_labels(LABELS), read_tokens(TOKENIZED)
    train, validation = (read_rows(path, tokens, labels) for path in (TRAIN, VALIDATION))
    train = resample(train, params.sampling, params.seed)
    return Task(checkpoint, locate(checkpoint), labels, train, validation, params, scratch, stage.vectors_folder())


def numbers(trained: Trained, folder: Path) -> dict[str, float]:
    """Return what validation chose, how much of the model was trained, and the size of what is saved in `folder`."""
    kept = next(row for row in trained.curve if row["kept"])
    chosen = {"C": kept["C"]} if "C" in kept else {"epochs": len(trained.curve), "best_epoch": kept["epoch"]}
    share = trained.trainable / trained.parameters if trained.parameters else 0.0
    return chosen | {
        "trainable_parameters": trained.trainable,
        "trainable_share": round(share, 4),
        "size_mb": round(sum(file.stat().st_size for file in folder.iterdir()) / 1e6, 2),
    }


def main() -> None:
    """Write models/classifier, plots/learning_curve.csv and metrics/train.json."""
    params = read_params()
    code = Path("stages").rglob("*.py")
    inputs = [LABELS, CHECKPOINT, TOKENIZED, TRAIN, VALIDATION, REQUIREMENTS]
    scratch = scratch_folder(params, [*code, *inputs])
    method = importlib.import_module(f"stages.methods.{params.method}")
    trained: Trained = method.train(read_task(params, scratch))
    classifiers.save(trained.classifier, params.method, CLASSIFIER)
    pd.DataFrame(trained.curve).to_csv(new(CURVE), index=False)
    write_json(METRICS, numbers(trained, CLASSIFIER))
    shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    stage.run(main)
