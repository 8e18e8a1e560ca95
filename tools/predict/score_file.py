"""Scoring a file of any size: a window of rows at a time, resumable; the output appears whole or not at all."""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from filelock import FileLock, Timeout

from textclf.atomic import replace_file
from textclf.data.delimited import suggestion
from textclf.data.json_lines import Row
from textclf.data.visible import visible
from textclf.errors import InputError
from textclf.inference.model import Model
from textclf.outputs import write_json
from textclf.progress import Progress
from tools.predict.row_files import columns, format_of, read_windows
from tools.predict.row_writers import Columns, join_files, write_rows

WINDOW = 4096  # rows: enough that batches of like length are full, few enough for any memory
STATE = "job.json"
SURROGATE = re.compile("[\ud800-\udfff]")  # half of a pair, or a byte that is not UTF-8


@dataclass(frozen=True)
class Job:
    """The work: score the rows of `source`, whose texts are in `column`, into `target`, `batch_size` at a time.

    `delimiter` stands between the cells of a CSV source; without one it is a comma, and a tab in .tsv.
    """

    source: Path
    column: str
    target: Path
    batch_size: int = 64
    window: int = WINDOW
    delimiter: str | None = None

    @property
    def parts(self) -> Path:
        """The folder of finished windows; it is gone when the target is there."""
        return self.target.with_name(f"{self.target.name}.parts")


def run(job: Job, model: Model, resume: bool, desc: str = "predict") -> int:
    """Score `job`, if `resume` from where it was cut off; return how many of the rows scored now have no answer.

    The progress is shown under the name `desc`; without one, not at all.
    """
    check_files(job)
    added = Columns(job.source, columns(job.source, job.delimiter), added_columns(model))
    check_columns(job, added)
    with held(job.parts):
        begin(job, model, resume)
        try:
            files, unanswered = score_windows(job, model, added, desc)
        except InputError:
            shutil.rmtree(job.parts)  # once the input is fixed, it is another input
            raise
        whole = job.parts / f"whole{job.target.suffix}"  # there, so that a kill leaves nothing beside the target
        join_files(files, whole)
        whole.replace(job.target)
        shutil.rmtree(job.parts)
    return unanswered


@contextmanager
def held(parts: Path) -> Iterator[None]:
    """Hold the folder `parts` for this process alone, until it ends, however it ends."""
    lock = FileLock(parts.with_name(f".{parts.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise InputError(f"another process is writing {parts}; wait for it or name another output") from None
    try:
        yield
    finally:
        Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()


def score_windows(job: Job, model: Model, written: Columns, desc: str) -> tuple[list[Path], int]:
    """Write a file for each window that has none yet; return all of them, and how many rows got no answer now."""
    files, unanswered = [], 0
    with closing(Progress(desc, "rows")) as shown:
        for number, window in enumerate(read_windows(job.source, job.window, job.delimiter)):
            files.append(job.parts / f"{number:08d}{job.target.suffix}")
            if not files[-1].is_file():
                answers = score(window.values(job.column), job, model)
                with replace_file(files[-1]) as part:
                    write_rows(window, answers, part, written, header=number == 0)
                unanswered += sum(row["reason"] != "" for row in answers)
            shown.add(window.size)
    return files, unanswered


def added_columns(model: Model) -> dict[str, pa.DataType]:
    """Return the columns that scoring adds, with their types."""
    oos = {} if model.oos_rule is None else {"intent": pa.string(), "score": pa.float64()}
    return {"predicted": pa.string(), "confidence": pa.float64(), **oos, "reason": pa.string()}


def score(values: list[Any], job: Job, model: Model) -> list[Row]:
    """Return the added columns of rows with these `values` as texts; without a usable text, with the reason."""
    reasons = [unusable(value) for value in values]
    texts = [value for value, reason in zip(values, reasons, strict=True) if not reason]
    empty: Row = dict.fromkeys(added_columns(model)) | {"predicted": ""}
    answers = iter(answer_columns(model, texts, job.batch_size) if texts else [])
    return [empty | ({"reason": reason} if reason else next(answers)) for reason in reasons]


def answer_columns(model: Model, texts: list[str], batch_size: int) -> list[Row]:
    """Return the values of the added columns for each text."""
    answers = model.predict(texts, batch_size)
    values = {"predicted": answers.predicted, "confidence": answers.probabilities.max(axis=1).round(6).tolist()}
    if answers.scores is not None:
        values |= {"intent": answers.intents, "score": [float(f"{value:.6g}") for value in answers.scores]}
    return [dict(zip(values, row, strict=True)) | {"reason": ""} for row in zip(*values.values(), strict=True)]


def unusable(text: Any) -> str:
    """Return why `text` can't be predicted, or nothing.

    >>> unusable(" "), unusable(7), unusable("hi")
    ('empty', 'not text', '')
    """
    if text is None or text == "" or (isinstance(text, float) and text != text):
        return "empty"
    if not isinstance(text, str):
        return "not text"
    if SURROGATE.search(text):
        return "not UTF-8"
    return "" if visible(text) else "empty"


def check_files(job: Job) -> None:
    """Raise `InputError` for an output that can't be written."""
    format_of(job.target)
    if job.target.is_dir():
        raise InputError(f"{job.target} is a folder; name a file")
    if not job.target.parent.is_dir():
        raise InputError(f"{job.target.parent} is not a folder")
    if job.source.resolve() == job.target.resolve():
        raise InputError(f"{job.target} is the input; name another file for the output")


def check_columns(job: Job, written: Columns) -> None:
    """Raise `InputError` for a column of texts that is missing, and one that is taken."""
    if format_of(job.target) != "jsonl" and (half := [name for name in written.known if unusable(name) == "not UTF-8"]):
        raise InputError(f"{job.source}: the column name {half[0]!r} is not UTF-8; write JSON lines (.jsonl) instead")
    if job.column not in written.known:
        hint = suggestion(written.known[0]) if len(written.known) == 1 else ""
        listed = ", ".join(written.known)
        raise InputError(f"{job.source}: no column {job.column!r}; it has {listed}; choose with --text-column{hint}")
    if taken := [name for name in written.added if name in written.known]:
        raise InputError(f"{job.source} has a column {taken[0]!r}, which scoring would add; rename it")


def begin(job: Job, model: Model, resume: bool) -> None:
    """Make the folder of finished windows, or check that an interrupted run of the same job left it."""
    size, changed = job.source.stat().st_size, job.source.stat().st_mtime_ns
    how = [job.column, job.batch_size, job.window, job.delimiter]
    state = [str(job.source.resolve()), size, changed, *how, model.checksum]
    file = job.parts / STATE
    if job.parts.exists():
        if not resume:
            raise InputError(f"{job.parts} is left over from an interrupted run; continue with --resume or delete it")
        if read_state(file) != state:
            raise InputError(
                f"{job.parts} belongs to another input, column, batch size or model; delete it to start over"
            )
        return
    job.parts.mkdir()
    write_json(file, state)


def read_state(file: Path) -> Any:
    """Return the job that a run left, or nothing if it left none that can be read."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
