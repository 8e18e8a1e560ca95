"""Scoring a file of any size: a window of rows at a time, resumable; the output appears whole or not at all."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from tqdm import tqdm

from textclf.atomic import replace_file
from textclf.errors import InputError
from textclf.inference.model import Model
from textclf.outputs import write_json
from tools.predict.row_files import ENDINGS, Row, columns, join_files, read_windows, write_rows

WINDOW = 4096  # rows: enough that batches of like length are full, few enough for any memory
STATE = "job.json"


@dataclass(frozen=True)
class Job:
    """The work: score the rows of `source`, whose texts are in `column`, into `target`, `batch_size` at a time."""

    source: Path
    column: str
    target: Path
    batch_size: int = 64
    window: int = WINDOW

    @property
    def parts(self) -> Path:
        """The folder of finished windows; it is gone when the target is there."""
        return self.target.with_name(f"{self.target.name}.parts")


def run(job: Job, model: Model, resume: bool) -> int:
    """Score `job`, if `resume` from where it was cut off; return how many of the rows scored now have no answer."""
    known, added = columns(job.source), added_columns(model)
    check_job(job, known, added)
    begin(job, model, resume)
    try:
        files, unanswered = score_windows(job, model, known, added)
    except InputError:
        shutil.rmtree(job.parts)  # once the input is fixed, it is another input
        raise
    whole = job.parts / f"whole{job.target.suffix}"  # there, so that a kill leaves nothing beside the target
    join_files(files, whole)
    whole.replace(job.target)
    shutil.rmtree(job.parts)
    return unanswered


def score_windows(job: Job, model: Model, known: list[str], added: dict[str, pa.DataType]) -> tuple[list[Path], int]:
    """Write a file for each window that has none yet; return all of them, and how many rows got no answer now."""
    files, unanswered = [], 0
    with tqdm(desc="predict", unit=" rows", disable=None) as bar:
        for number, rows in enumerate(read_windows(job.source, job.window)):
            files.append(job.parts / f"{number:08d}{job.target.suffix}")
            if not files[-1].is_file():
                scored = score(rows, job, model)
                with replace_file(files[-1]) as part:
                    write_rows(scored, part, job.source, known, added, header=number == 0)
                unanswered += sum(row["reason"] != "" for row in scored)
            bar.update(len(rows))
    return files, unanswered


def added_columns(model: Model) -> dict[str, pa.DataType]:
    """Return the columns that scoring adds, with their types."""
    oos = {} if model.oos_rule is None else {"intent": pa.string(), "score": pa.float64()}
    return {"predicted": pa.string(), "confidence": pa.float64(), **oos, "reason": pa.string()}


def score(rows: list[Row], job: Job, model: Model) -> list[Row]:
    """Return `rows` with the added columns; a row without a usable text has an empty label and the reason."""
    reasons = [unusable(row.get(job.column)) for row in rows]
    texts = [row[job.column] for row, reason in zip(rows, reasons, strict=True) if not reason]
    empty: Row = dict.fromkeys(added_columns(model)) | {"predicted": ""}
    answers = iter(answer_columns(model, texts, job.batch_size) if texts else [])
    return [
        row | empty | ({"reason": reason} if reason else next(answers))
        for row, reason in zip(rows, reasons, strict=True)
    ]


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
    if any("\ud800" <= character <= "\udfff" for character in text):
        return "not UTF-8"
    return "" if text.strip() else "empty"


def check_job(job: Job, known: list[str], added: dict[str, pa.DataType]) -> None:
    """Raise `InputError` for a file that can't be written, and for columns that are missing or taken."""
    if job.target.suffix not in ENDINGS:
        raise InputError(f"{job.target}: unknown ending; allowed: {', '.join(ENDINGS)}")
    if not job.target.parent.is_dir():
        raise InputError(f"{job.target.parent} is not a folder")
    if job.column not in known:
        raise InputError(
            f"{job.source}: no column {job.column!r}; it has {', '.join(known)}; choose with --text-column"
        )
    if taken := [name for name in added if name in known]:
        raise InputError(f"{job.source} has a column {taken[0]!r}, which scoring would add; rename it")
    if job.source.resolve() == job.target.resolve():
        raise InputError(f"{job.target} is the input; name another file for the output")


def begin(job: Job, model: Model, resume: bool) -> None:
    """Make the folder of finished windows, or check that an interrupted run of the same job left it."""
    size, changed = job.source.stat().st_size, job.source.stat().st_mtime_ns
    state = [str(job.source.resolve()), size, changed, job.column, job.window, model.checksum]
    file = job.parts / STATE
    if job.parts.exists():
        if not resume:
            raise InputError(f"{job.parts} is left over from an interrupted run; continue with --resume or delete it")
        if not file.is_file() or json.loads(file.read_text(encoding="utf-8")) != state:
            raise InputError(f"{job.parts} belongs to another input, column or model; delete it to start over")
        return
    job.parts.mkdir()
    write_json(file, state)
