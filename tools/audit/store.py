"""The corrections file as the tool writes it: whole or not at all, by one process at a time."""

import csv
import hashlib
from dataclasses import asdict
from io import StringIO
from pathlib import Path

from filelock import FileLock

from textclf.atomic import replace_file
from textclf.cache import cache_folder
from textclf.data.corrections import COLUMNS, Correction, Line, check_correction, read_corrections
from textclf.data.leaks import same_text
from textclf.errors import InputError
from textclf.outputs import ensure_parent


class AlreadyJudged(InputError):
    """A row that the corrections file names already."""


class Store:
    """A corrections file, which is made with the first decision."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = FileLock(ensure_parent(cache_folder("locks") / f"{path.name}.lock"))

    def lines(self) -> list[Line]:
        """Return the lines that are there."""
        return read_corrections(self.path) if self.path.exists() else []

    def add(self, decisions: list[Correction]) -> None:
        """Append `decisions`, all or none; `AlreadyJudged` for a row, or an added text, that has a line."""
        with self._lock:
            known = {row_key(line.correction) for line in self.lines()}
            for number, one in enumerate(decisions, 1):
                check_correction(one, f"decision {number}")
                if row_key(one) in known:
                    raise AlreadyJudged(f"{one.id or 'this text'} stands in {self.path} already")
                known.add(row_key(one))
            text = self.path.read_text(encoding="utf-8") if self.path.exists() else ",".join(COLUMNS) + "\n"
            self._write(text + "\n" * (not text.endswith("\n")) + "".join(map(as_line, decisions)))

    def remove(self, decision: Correction) -> None:
        """Take the line of `decision` back; `InputError` if it is not there any more."""
        with self._lock:
            kept = [line.correction for line in self.lines() if line.correction != decision]
            if len(kept) == len(self.lines()):
                raise InputError(f"this decision is not in {self.path} any more")
            self._write(",".join(COLUMNS) + "\n" + "".join(map(as_line, kept)))

    def _write(self, text: str) -> None:
        with replace_file(self.path) as part, part.open("w", encoding="utf-8", newline="") as file:
            file.write(text)


def row_key(correction: Correction) -> str:
    """Return what names the row of a correction: its id, or an added row's text as a reader sees it."""
    return key_of(correction.id, correction.text)


def key_of(id: str, text: str) -> str:
    """Return `id`, or a hash of the text as a reader sees it where there is none."""
    return id or f"text-{hashlib.sha256(same_text(text).encode()).hexdigest()[:16]}"


def as_line(correction: Correction) -> str:
    r"""Return the line of the file.

    >>> as_line(Correction("ab12", "hi, you", "train", "relabel", "greeting", "me", ""))
    'ab12,"hi, you",train,relabel,greeting,me,\n'
    """
    cells, stream = list(asdict(correction).values()), StringIO()
    returns = any("\r" in cell for cell in cells)  # which needs quotes to stay
    csv.writer(stream, quoting=csv.QUOTE_ALL if returns else csv.QUOTE_MINIMAL, lineterminator="\n").writerow(cells)
    return stream.getvalue()
