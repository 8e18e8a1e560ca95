"""Values that differ from params.yaml: merged into it, and written as `dvc exp run -S` takes them."""

import json
from copy import deepcopy
from typing import Any


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
