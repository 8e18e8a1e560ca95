"""Checksums of files."""

import hashlib
from pathlib import Path

from textclf.errors import InputError


def sha256(path: Path) -> str:
    """Return the file's sha256, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_sha256(path: Path, pinned: str, name: str | None = None) -> None:
    """Raise `InputError` if the file's sha256 is not `pinned`; the message calls the file `name`, else by its path."""
    if (actual := sha256(path)) != pinned:
        raise InputError(f"{name or path} has sha256 {actual}, not {pinned} as pinned")
