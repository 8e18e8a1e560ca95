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
    config = [_that_matter(_read(run)), run.params["method"], data, precision]
    return hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()[:16]


def _augment(run: Run) -> dict[str, Any]:
    augment: dict[str, Any] = run.params.get("augment") or {}  # an older run has none
    return augment


def same_settings(recorded: dict[str, Any], run: Run) -> bool:
    """Return whether the `recorded` parameters are those on which the run's scores depend, but for the seed."""
    now = _read(run)
    then = {path: looked_up(recorded, path) for path in now}
    return recorded.get("method") == run.params["method"] and _that_matter(then) == _that_matter(now)


def looked_up(params: dict[str, Any], path: str) -> Any:
    """Return the value under a path such as `oos.method`; None if there is none."""
    value: Any = params
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _read(run: Run) -> dict[str, Any]:
    """Return the parameters that the stages of predictions and scores have read, by their paths."""
    params: dict[str, Any] = {}
    for stage in ("train", "predict", "calibrate", "oos", "evaluate"):
        params |= run.lock.get(stage, {}).get("params", {}).get("params.yaml", {})
    return params


def _that_matter(params: dict[str, Any]) -> dict[str, Any]:
    off = {"oos"} if (params.get("oos") or {}).get("method") == "none" else set()
    left_out = off.union(LEFT_OUT)
    return switched_on({k: v for k, v in params.items() if k not in left_out and (k, v) not in AS_BEFORE})


def draws(params: dict[str, Any]) -> bool:
    """Return whether training draws anything, so that another seed gives other predictions."""
    copies = (params.get("augment") or {}).get("copies")  # which are changed anew with each seed
    return params["method"] not in FITTED or params.get("sampling", "none") != "none" or bool(copies)


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
