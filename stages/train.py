"""Train: fit a classifier on the training rows by the chosen method, its best epoch chosen on the validation rows."""

import importlib
import os
import shutil
from pathlib import Path

import pandas as pd
import transformers

from stages.lib import classifiers, stage
from stages.lib.checkpoints import WEIGHTS, Checkpoint, locate
from stages.lib.outputs import new, write_json
from stages.lib.params import Params, read_params
from stages.lib.quiet import quiet_transformers
from stages.lib.rows import read_labels, read_rows
from stages.lib.scratch import scratch_folder

LABELS = Path("data/raw/labels.json")
TOKENIZED = Path("data/tokenized")
TRAIN = Path("data/splits/train.csv")
VALIDATION = Path("data/splits/validation.csv")
REQUIREMENTS = Path("requirements.txt")
CLASSIFIER = Path("models/classifier")
CURVE = Path("plots/learning_curve.csv")
METRICS = Path("metrics/train.json")


def train(params: Params, scratch: Path) -> classifiers.Trained:
    """Run the method that `params` name; the same seed gives the same bytes."""
    quiet_transformers()
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it cuBLAS refuses to be deterministic
    transformers.set_seed(params.seed, deterministic=True)
    checkpoint = Checkpoint.model_validate_json((TOKENIZED / "checkpoint.json").read_bytes())
    labels = read_labels(LABELS)
    train_rows, validation_rows = (read_rows(path, TOKENIZED / "rows.parquet", labels) for path in (TRAIN, VALIDATION))
    method = importlib.import_module(f"stages.methods.{params.method}")
    trained: classifiers.Trained = method.train(
        locate(checkpoint), labels, train_rows, validation_rows, params, scratch
    )
    return trained


def numbers(trained: classifiers.Trained) -> dict[str, float]:
    """Return the best epoch, how much of the model was trained, and the saved weights' size."""
    sizes = [(parameter.numel(), parameter.requires_grad) for parameter in trained.model.parameters()]
    trainable = sum(size for size, is_trained in sizes if is_trained)
    return {
        "epochs": len(trained.curve),
        "best_epoch": sum(epoch["epoch"] for epoch in trained.curve if epoch["kept"]),
        "trainable_parameters": trainable,
        "trainable_share": round(trainable / sum(size for size, _ in sizes), 4),
        "size_mb": round((CLASSIFIER / WEIGHTS).stat().st_size / 1e6, 1),
    }


def main() -> None:
    """Write models/classifier, plots/learning_curve.csv and metrics/train.json."""
    params = read_params()
    code = Path("stages").rglob("*.py")
    inputs = [LABELS, *TOKENIZED.iterdir(), TRAIN, VALIDATION, REQUIREMENTS]
    scratch = scratch_folder(params, [*code, *inputs])
    trained = train(params, scratch)
    classifiers.save(trained, CLASSIFIER)
    pd.DataFrame(trained.curve).to_csv(new(CURVE), index=False)
    write_json(METRICS, numbers(trained))
    shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    stage.run(main)
