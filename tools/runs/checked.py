"""Values that differ from params.yaml, checked before anything runs."""

from pathlib import Path
from typing import Any

from textclf.data.source_spec import read_source
from textclf.encoders.checkpoint_spec import read_checkpoint
from textclf.errors import InputError
from textclf.params import PARAMS, Params, check_params
from textclf.specs import read_yaml
from tools.runs.overrides import merged

SOURCES, CHECKPOINTS = Path("data/sources"), Path("models/checkpoints")


def check_overrides(overrides: dict[str, Any], where: str) -> Params:
    """Return the parameters that a run with `overrides` has; `where` opens the message of an `InputError`."""
    params = check_params(merged(read_yaml(PARAMS), overrides), where)
    try:
        read_source(params.dataset, SOURCES)
        read_checkpoint(params.model, CHECKPOINTS)
    except InputError as error:
        raise InputError(str(error).replace(str(PARAMS), where)) from None
    return params
