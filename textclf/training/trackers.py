"""Experiment trackers besides DVC, off by default: the Trainer's own integrations, chosen by the variable TRACKERS.

They see losses, scores and parameters, never texts, and no output depends on them.
"""

import os

from transformers.integrations import integration_utils

from textclf.cache import cache_folder
from textclf.errors import InputError

VARIABLE = "TRACKERS"
INSTALLED = {
    "tensorboard": integration_utils.is_tensorboard_available,
    "mlflow": integration_utils.is_mlflow_available,
    "wandb": integration_utils.is_wandb_available,
}


def trackers(run: str) -> list[str]:
    """Return the names that TRACKERS lists, such as `tensorboard,mlflow`; `InputError` if one can't be used.

    TensorBoard's files go to `.cache/tensorboard/<run>`, unless TENSORBOARD_LOGGING_DIR says otherwise.
    """
    names = [name.strip() for name in os.environ.get(VARIABLE, "").split(",") if name.strip()]
    for name in names:
        if name not in INSTALLED:
            raise InputError(f"{VARIABLE}={os.environ[VARIABLE]}: {name!r} is unknown; allowed: {', '.join(INSTALLED)}")
        if not INSTALLED[name]():  # type: ignore[no-untyped-call]
            raise InputError(f"{VARIABLE}={os.environ[VARIABLE]}: {name} is not installed; pip install {name}")
    if "tensorboard" in names:
        os.environ.setdefault("TENSORBOARD_LOGGING_DIR", str(cache_folder("tensorboard") / run))
    return names
