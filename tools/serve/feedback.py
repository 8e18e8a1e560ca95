"""What users say is right: messages with the answer that they got and the right label, in a bounded CSV file."""

import csv
import errno
import os
from io import StringIO
from pathlib import Path
from threading import Lock

from textclf.errors import InputError
from textclf.oos.labels import OUT_OF_SCOPE, is_out, kind_of, out_label

HEADER = ["text", "answered", "label"]
MOST = 10_000_000  # bytes of the file


class FeedbackFull(Exception):
    """The file, or the disk, has no room for another line."""


class Feedback:
    """A file to which lines are appended, each by one write, so that it holds whole lines alone."""

    def __init__(self, path: Path, most: int = MOST) -> None:
        self.path, self.most, self._lock = path, most, Lock()
        if path.is_dir() or not path.parent.is_dir():
            raise InputError(f"--feedback {path}: not a file in a folder that exists")
        content = path.read_bytes() if path.exists() else b""
        if content and content.partition(b"\n")[0] != _line(HEADER).strip():
            raise InputError(f"--feedback {path}: its first line is not {','.join(HEADER)}; it holds something else")
        if content and not content.endswith(b"\n"):  # the machine went down
            raise InputError(f"--feedback {path} ends in the middle of a line; remove that line")
        self._append([])  # a file that can't be written is said at the start

    def add(self, text: str, answered: str, label: str) -> None:
        """Append a line, or raise `FeedbackFull`."""
        self._append([text, answered, label])

    def _append(self, cells: list[str]) -> None:
        with self._lock:
            file = os.open(
                self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600
            )  # messages are nobody else's business
            try:
                size = os.fstat(file).st_size
                lines = (b"" if size else _line(HEADER)) + (_line(cells) if cells else b"")
                if size + len(lines) > self.most:
                    raise FeedbackFull
                self._write(file, lines, size)
            finally:
                os.close(file)

    def _write(self, file: int, lines: bytes, size: int) -> None:
        try:
            written = os.write(file, lines)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            written = 0
        if written < len(lines):
            if os.fstat(file).st_size == size + written:  # else another process has gone on
                os.ftruncate(file, size)
            raise FeedbackFull


def choices(labels: list[str], outside: list[str], replies: dict[str, str]) -> list[str]:
    """Return what can be said to be right: a label, none of these, or a kind of message out of scope.

    >>> choices(["refund"], ["out_of_scope"], {"chitchat": "Hi!", "default": "?"})
    ['refund', 'out_of_scope', 'out_of_scope:chitchat']
    """
    kinds = {kind_of(label) for label in outside if is_out(label)} | set(replies)
    return [*labels, OUT_OF_SCOPE, *(out_label(kind) for kind in sorted(kinds - {"", "default"}))]


def _line(cells: list[str]) -> bytes:
    stream = StringIO()
    csv.writer(stream, quoting=csv.QUOTE_ALL if cells != HEADER else csv.QUOTE_MINIMAL, lineterminator="\n").writerow(
        cells
    )
    return stream.getvalue().encode()
