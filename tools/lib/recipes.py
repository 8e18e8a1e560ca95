"""Recipes: named sets of parameters, one YAML in recipes/ each, which change the committed params.yaml."""

import fnmatch
import json
from copy import deepcopy
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from ruamel.yaml import YAML

from stages.lib.checkpoints import read_checkpoint
from stages.lib.errors import InputError
from stages.lib.params import PARAMS, Params, check_params
from stages.lib.sources import read_source
from stages.lib.specs import read_spec

RECIPES = Path("recipes")
SOURCES, CHECKPOINTS = Path("data/sources"), Path("models/checkpoints")


class Recipe(BaseModel):
    """What is run, the figure that it is held against, and the values that differ from params.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    about: str
    reference: str = ""
    overrides: dict[str, Any] = Field(min_length=1)


def find_recipes(patterns: list[str]) -> dict[str, Recipe]:
    """Return the recipes whose names match any of `patterns` (`banking77-*`), by name; none is an `InputError`."""
    known = sorted(path.stem for path in RECIPES.glob("*.yaml"))
    for pattern in patterns:
        if not fnmatch.filter(known, pattern):
            raise InputError(f"no recipe is called {pattern!r}; recipes/ has {', '.join(known)}")
    names = [name for name in known if any(fnmatch.fnmatch(name, pattern) for pattern in patterns)]
    return {name: read_spec(RECIPES / f"{name}.yaml", Recipe) for name in names}


def check(name: str, overrides: dict[str, Any]) -> Params:
    """Return the parameters that a run with `overrides` has, or raise `InputError`: nothing has been run by then."""
    where = str(RECIPES / f"{name}.yaml")
    values = YAML(typ="safe", pure=True).load(PARAMS)
    params = check_params(merged(values, overrides), where)
    try:
        read_source(params.dataset, SOURCES)
        read_checkpoint(params.model, CHECKPOINTS)
    except InputError as error:
        raise InputError(str(error).replace(str(PARAMS), where)) from None
    return params


def assignments(overrides: dict[str, Any], prefix: str = "") -> list[str]:
    """Return `overrides` as `dvc exp run -S` takes them.

    >>> assignments({"lr": 0.001, "lora": {"r": 8, "targets": ["query", "value"]}, "early_stopping": None})
    ['lr=0.001', 'lora.r=8', 'lora.targets=[query,value]', 'early_stopping=null']
    """
    found = []
    for key, value in overrides.items():
        if isinstance(value, dict):
            found += assignments(value, f"{prefix}{key}.")
        else:
            found.append(f"{prefix}{key}={_written(value)}")
    return found


def _written(value: Any) -> str:
    if isinstance(value, list):
        return f"[{','.join(_written(entry) for entry in value)}]"
    return value if isinstance(value, str) else json.dumps(value)


def merged(values: dict[str, Any], overrides: dict[str, Any]) -> dict[str, Any]:
    """Return `values` with `overrides` in their place, section by section.

    >>> merged({"lr": 1, "lora": {"r": 8, "alpha": 16}}, {"lora": {"r": 4}})
    {'lr': 1, 'lora': {'r': 4, 'alpha': 16}}
    """
    found = deepcopy(values)
    for key, value in overrides.items():
        section = isinstance(value, dict) and isinstance(found.get(key), dict)
        found[key] = merged(found[key], value) if section else value
    return found
