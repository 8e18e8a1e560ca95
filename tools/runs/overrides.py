"""Values that differ from params.yaml: merged into it, and written as `dvc exp run -S` takes them."""

import json
from copy import deepcopy
from typing import Any

FREE = "augment.more."  # a mapping of any labels


def assignments(overrides: dict[str, Any]) -> list[str]:
    """Return `overrides` as `dvc exp run -S` takes them.

    >>> assignments({"lr": 0.001, "lora": {"r": 8, "target_modules": ["query", "value"]}, "early_stopping": None})
    ['lr=0.001', 'lora.r=8', 'lora.target_modules=[query,value]', 'early_stopping=null']
    >>> assignments({"augment": {"more": {"card_arrival": 3}}})  # a key that params.yaml may lack
    ['++augment.more.card_arrival=3']
    """
    return [f"{'++' * key.startswith(FREE)}{key}={value}" for key, value in flat(overrides).items()]


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
    return value if isinstance(value, str) else json.dumps(value)


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
