"""Writing a stage's outputs."""

import json
from pathlib import Path
from typing import Any


def new(path: Path) -> Path:
    """Return `path`, its folder made: git and DVC keep no empty ones."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def write_json(path: Path, values: Any) -> None:
    """Write `values` as readable JSON with a line end; NaN, which is no JSON, is a ValueError."""
    text = json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False)
    new(path).write_text(text + "\n", encoding="utf-8")
