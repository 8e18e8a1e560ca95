"""Which runs have the same configuration, so that they differ in nothing but the seed; what a method never reads."""

import hashlib
import json
from typing import Any, get_args

from textclf.params import Params
from tools.runs.run import Run, outputs

DATA = ("data/raw", "data/splits", "data/tokenized")  # the outputs before training; the last one names the checkpoint
TAUGHT = "data/taught.parquet"  # read by method distil alone
FURTHER = "data/augmented.parquet"  # the rest of it is known from the parameters and the training rows
# The bytes of the data, the method itself and the resolved precision stand for the others.
LEFT_OUT = ("dataset", "method", "model", "precision", "seed")
AS_BEFORE = [("workers", 1), ("accumulate", 1), ("gradient_checkpointing", False)]  # as it was without the parameter
AFTER = ("audit", "calibration", "evaluation", "oos", "plots", "robustness")  # of stages that make no predictions
FITTED = ("features", "zero_shot", "baseline")  # methods that train in no epochs
EPOCHS = (  # what training in epochs alone reads
    "accumulate",
    "batch_size",
    "early_stopping",
    "ema",
    "epochs",
    "gradient_checkpointing",
    "head_init",
    "head_lr_factor",
    "label_smoothing",
    "lr",
    "max_grad_norm",
    "scheduler",
    "warmup",
    "weight_decay",
    "workers",
)


def config_hash(run: Run) -> str | None:
    """Return a name for everything that determines a run's scores except seed and code; None for an older run.

    That is the parameters that its stages read, the data and the checkpoint by their bytes, and the precision that
    `precision: auto` came to. Parameters that are off (null, none, zero, empty) are left out, so that a new one changes
    nothing as long as it is off.
    """
    precision = run.machine.get("precision")
    read = DATA + (TAUGHT,) * (run.params["method"] == "distil") + (FURTHER,) * bool(_augment(run).get("file"))
    data = {path: md5 for path, md5 in outputs(run.lock).items() if path.startswith(read)}
    if precision is None or not all(any(path.startswith(part) for path in data) for part in DATA):
        return None
    params: dict[str, Any] = {}
    for stage in ("train", "predict", "calibrate", "oos", "evaluate"):
        params |= run.lock.get(stage, {}).get("params", {}).get("params.yaml", {})
    if params.get("oos", {}).get("method") == "none":
        del params["oos"]
    params = {key: value for key, value in params.items() if key not in LEFT_OUT and (key, value) not in AS_BEFORE}
    config = [switched_on(params), run.params["method"], data, precision]
    return hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()[:16]


def _augment(run: Run) -> dict[str, Any]:
    augment: dict[str, Any] = run.params.get("augment") or {}  # an older run has none
    return augment


def unread(method: str) -> set[str]:
    """Return the parameters and sections on which the predictions of a run by `method` don't depend.

    `oos` is one of them: what is held out changes the rows, so who compares runs says so beside the parameters.
    """
    others = {*get_args(Params.model_fields["method"].annotation)} - {method}
    return others.union(AFTER, EPOCHS if method in FITTED else ())


def switched_on(values: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters that are on, also in sections.

    >>> switched_on({"lr": 0.1, "calibration": "none", "split": {"seed": 42, "train_limit": None}, "ema": 0.0})
    {'lr': 0.1, 'split': {'seed': 42}}
    """
    nested = {key: switched_on(value) if isinstance(value, dict) else value for key, value in values.items()}
    return {key: value for key, value in nested.items() if value not in (None, "none", 0, [], {})}
