"""Writing outputs."""

import json
from pathlib import Path
from typing import Any

from textclf.atomic import replace_file


def ensure_parent(path: Path) -> Path:
    """Return `path` after making its folder: git and DVC keep no empty ones."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def write_json(path: Path, values: Any) -> None:
    """Write `values` as readable JSON with a final newline, whole or not at all; NaN is a ValueError."""
    text = json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False)
    with replace_file(path) as part:
        part.write_text(text + "\n", encoding="utf-8")
