"""Recipes: named sets of parameters, one YAML in recipes/ each, which change the committed params.yaml."""

import fnmatch
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from textclf.errors import InputError
from textclf.params import Params
from textclf.specs import read_spec
from tools.runs.checked import check_overrides

RECIPES = Path("recipes")


class Recipe(BaseModel):
    """What it runs, the figure to compare with, and the values that differ from params.yaml."""

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
    """Return the parameters that a run with `overrides` has, or raise `InputError` before anything runs."""
    return check_overrides(overrides, str(RECIPES / f"{name}.yaml"))
