"""The corrections file as the tool writes it: whole or not at all, by one process at a time."""

import csv
import hashlib
from dataclasses import asdict
from io import StringIO
from pathlib import Path

from filelock import FileLock

from textclf.atomic import replace_file
from textclf.cache import cache_folder
from textclf.data.corrections import COLUMNS, Correction, Line, check_correction, check_look, read_corrections
from textclf.data.leaks import same_text
from textclf.data.records import read_records
from textclf.errors import InputError
from textclf.outputs import ensure_parent


class AlreadyJudged(InputError):
    """A row that the corrections file names already."""


class Gone(InputError):
    """A decision that isn't in the file any more."""


class Store:
    """A corrections file, which is made with the first decision."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = FileLock(ensure_parent(cache_folder("locks") / f"{path.name}.lock"))

    def lines(self) -> list[Line]:
        """Return the lines that are there."""
        return read_corrections(self.path) if self.path.exists() else []

    def add(self, lines: list[Line]) -> None:
        """Append the corrections of `lines`, all or none; `AlreadyJudged` for a row, or an added text, that has a line.

        A correction's place is where it was made, for messages.
        """
        with self._lock:
            there = self.lines()
            places = {row_key(line.correction): line.place for line in there}
            labels = {line.correction.label for line in there} - {""}
            for line in lines:
                check_correction(line.correction, line.place)
                if first := places.get(name := row_key(line.correction)):
                    raise AlreadyJudged(f"{line.place}: {line.correction.id or 'this text'} stands in {first} already")
                if label := line.correction.label:
                    check_look(label, labels, line.place)
                    labels.add(label)
                places[name] = line.place
            header, text = self._header(), self._text()
            text += "\n" * (not text.endswith(("\n", "\r")))
            self._write(text + "".join(as_line(line.correction, header) for line in lines))

    def remove(self, decision: Correction) -> None:
        """Take the last line of `decision` out, and no other byte; `InputError` if it is not there any more."""
        with self._lock:
            rows = read_records(self.path)[1] if self.path.exists() else []
            at = next((at for at in reversed(range(len(rows))) if Correction(**rows[at][1]) == decision), None)
            if at is None:
                raise Gone(f"this decision is not in {self.path} any more")
            lines = list(StringIO(self._text(), newline=""))  # as the rows' numbers count them
            first, end = rows[at][0] - 1, rows[at + 1][0] - 1 if at + 1 < len(rows) else len(lines)
            self._write("".join(lines[:first] + lines[end:]))

    def _header(self) -> list[str]:
        return read_records(self.path)[0] if self.path.exists() else COLUMNS

    def _text(self) -> str:
        """Return the file's text with its own ends of lines."""
        if not self.path.exists():
            return ",".join(COLUMNS) + "\n"
        with self.path.open(encoding="utf-8", newline="") as file:
            return file.read()

    def _write(self, text: str) -> None:
        with replace_file(self.path) as part, part.open("w", encoding="utf-8", newline="") as file:
            file.write(text)


def row_key(correction: Correction) -> str:
    """Return what names the row of a correction: its id, or an added row's text as a reader sees it."""
    return key_of(correction.id, correction.text)


def key_of(id: str, text: str) -> str:
    """Return `id`, or a hash of the text as a reader sees it where there is none."""
    return id or f"text-{hashlib.sha256(same_text(text).encode()).hexdigest()[:16]}"


def as_line(correction: Correction, header: list[str]) -> str:
    r"""Return the line of a file with this header.

    >>> as_line(Correction("ab12", "hi, you", "train", "relabel", "greeting", "me", ""), COLUMNS)
    'ab12,"hi, you",train,relabel,greeting,me,\n'
    """
    values = asdict(correction)
    cells, stream = [values[name] for name in header], StringIO()
    returns = any("\r" in cell for cell in cells)  # which needs quotes to stay
    csv.writer(stream, quoting=csv.QUOTE_ALL if returns else csv.QUOTE_MINIMAL, lineterminator="\n").writerow(cells)
    return stream.getvalue()
