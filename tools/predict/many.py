"""Scoring many files one after the other here, or on a Ray cluster by a pool of actors that load the model once."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import closing

from textclf.errors import InputError
from textclf.inference.model import Model
from textclf.progress import Progress
from tools.predict.folder_job import FolderJob, Scored, begin


def run(job: FolderJob, model: Model, resume: bool, address: str | None, resources: tuple[float, float]) -> None:
    """Score the files of `job`, on the cluster at `address` if there is one.

    `resources` are the processors and GPUs of an actor. Files that fail are named at the end, in an `InputError`. With
    `resume`, what is whole is not scored again.
    """
    waiting = begin(job, model.checksum, resume)
    if left := len(job.names) - len(waiting):
        print(f"{left} of {len(job.names)} files are scored already", file=sys.stderr)
    if not waiting:
        return
    if address is None:
        report(one_by_one(job, waiting, model), len(waiting))
        return
    from tools.predict.cluster import scored_on_cluster

    with closing(Progress("predict", "files", len(waiting))) as shown:
        report(_counted(scored_on_cluster(job, waiting, model, address, resources), shown), len(waiting))


def one_by_one(job: FolderJob, waiting: list[str], model: Model) -> Iterator[Scored]:
    """Yield what came of each file, scored by this process."""
    for number, name in enumerate(waiting, 1):
        yield job.one(name, model, f"{name} ({number} of {len(waiting)})")


def _counted(scored: Iterable[Scored], shown: Progress) -> Iterator[Scored]:
    for one in scored:
        shown.add(1)
        yield one


def report(scored: Iterable[Scored], files: int) -> None:
    """Print how many rows have no answer; raise `InputError` with the files that have no output."""
    unanswered, failures = 0, []
    for one in scored:
        unanswered += one.unanswered
        if one.failure:
            failures.append(one.failure if one.name in one.failure else f"{one.name}: {one.failure}")
    if unanswered:
        print(f"{unanswered:,} rows have no answer; their column `reason` says why", file=sys.stderr)
    if failures:
        listed = "\n".join(sorted(failures))
        raise InputError(f"{len(failures)} of {files} files have no output; --resume tries them again:\n{listed}")
