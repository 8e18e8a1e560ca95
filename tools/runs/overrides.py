"""Values that differ from params.yaml: merged into it, and written as `dvc exp run -S` takes them."""

import json
import re
from copy import deepcopy
from typing import Any

from textclf.errors import InputError

NO_OOS: dict[str, Any] = {"oos": {"method": "none", "held_out": []}}  # for what trains and fits no such rule
FREE = "augment.more."  # a mapping of any labels
PLAIN = re.compile(r"[A-Za-z_][\w./-]*", re.ASCII)  # what needs no quotes
CHANGED = ("${", '"???"', "\x85")  # what OmegaConf or YAML reads otherwise, also in quotes
NO_TEXT = {"null", "true", "false", "nan", "inf"}  # unless it is in quotes


def assignments(overrides: dict[str, Any]) -> list[str]:
    """Return `overrides` as `dvc exp run -S` takes them.

    >>> assignments({"lr": 0.001, "lora": {"r": 8, "target_modules": ["query", "value"]}, "early_stopping": None})
    ['lr=0.001', 'lora.r=8', 'lora.target_modules=[query,value]', 'early_stopping=null']
    >>> assignments({"augment": {"more": {"card_arrival": 3}}})  # a key that params.yaml may lack
    ['++augment.more.card_arrival=3']
    >>> assignments({"oos": {"held_out": ["null", "card arrival"]}})  # else the first would be no text
    ['oos.held_out=["null","card arrival"]']

    Raises `InputError` for a label or a value that can't be written so.
    """
    augment = overrides.get("augment")
    more = augment.get("more") if isinstance(augment, dict) else None
    for label in more if isinstance(more, dict) else ():
        if not re.fullmatch(r"[A-Za-z_]\w*", str(label), re.ASCII):
            raise InputError(f"augment.more: dvc exp run can't name the label {label!r}; write it into params.yaml")
    values = flat(overrides)
    for key, value in values.items():
        if any(sign in value for sign in CHANGED):
            raise InputError(f"{key}={value}: dvc exp run would change this value; write it into params.yaml")
    return [f"{'++' * key.startswith(FREE)}{key}={value}" for key, value in values.items()]


def flat(values: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """Return each value as it is written, by its full key.

    >>> flat({"lr": 0.001, "lora": {"r": 8}})
    {'lr': '0.001', 'lora.r': '8'}
    """
    found: dict[str, str] = {}
    for key, value in values.items():
        found |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": _written(value)}
    return found


def _written(value: Any) -> str:
    if isinstance(value, list):
        return f"[{','.join(_written(entry) for entry in value)}]"
    if not isinstance(value, str):
        return json.dumps(value)
    if PLAIN.fullmatch(value) and value.lower() not in NO_TEXT:
        return value
    from hydra.core.override_parser.types import Quote, QuotedString  # what DVC reads these values with

    return str(QuotedString(value, Quote.double).with_quotes())


def merged(values: dict[str, Any], overrides: dict[str, Any]) -> dict[str, Any]:
    """Return `values` with `overrides` in their place, section by section.

    >>> merged({"lr": 1, "lora": {"r": 8, "alpha": 16}}, {"lora": {"r": 4}})
    {'lr': 1, 'lora': {'r': 4, 'alpha': 16}}
    """
    result = deepcopy(values)
    for key, value in overrides.items():
        section = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if section else value
    return result
