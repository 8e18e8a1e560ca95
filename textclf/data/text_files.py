"""Opening text files, compressed or not, of which every byte must be UTF-8."""

import gzip
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from textclf.errors import InputError


def open_text(path: Path, newline: str, errors: str = "strict") -> TextIO:
    """Return `path` open as UTF-8 without its byte order mark; one that ends in .gz is unpacked as it is read."""
    opener = gzip.open if path.suffix.lower() == ".gz" else open
    return cast(TextIO, opener(path, "rt", encoding="utf-8-sig", newline=newline, errors=errors))


def require_utf8(path: Path) -> None:
    """Raise `InputError` with the line of the first byte that is not UTF-8."""
    with cast(BinaryIO, gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb")) as lines:
        for number, line in enumerate(lines, 1):
            if number == 1 and line.startswith((b"\xff\xfe", b"\xfe\xff")):
                raise InputError(f"{path} is UTF-16; save the file as UTF-8")
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                byte = f"byte 0x{line[error.start]:02x} in column {error.start + 1}"
                raise InputError(f"{path}: line {number} is not UTF-8 ({byte}); save the file as UTF-8") from None
