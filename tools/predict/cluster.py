"""Scoring many files with Ray Data: a pool of actors takes file after file; imported with an address alone."""

import logging
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from textclf.cluster import check_room, connected, on_every_node
from textclf.errors import InputError
from textclf.inference.model import Model, load_model
from tools.predict.folder_job import STATE, FolderJob, Scored
from tools.predict.model_files import packed_model, unpacked_model
from tools.predict.stores import open_store

RETRIES = 3  # of a file whose actor dies


class Scorer:
    """An actor: it loads the model once, then scores file after file."""

    def __init__(self, job: FolderJob, files: list[Any], checksum: str) -> None:
        import ray

        self.job, self.model = job, load_model(unpacked_model(ray.get(files[0]), checksum))

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[Any]]:
        """Return name, rows without an answer, and failure of each file in `batch`."""
        scored = [self.job.one(str(name), self.model) for name in batch["item"]]
        return {key: [getattr(one, key) for one in scored] for key in ("name", "unanswered", "failure")}


def scored_on_cluster(
    job: FolderJob, waiting: list[str], model: Model, address: str, resources: tuple[float, float]
) -> Iterator[Scored]:
    """Yield what came of each file, in the order in which they end; actors that die are replaced, `RETRIES` times."""
    with connected(address) as ray:
        actors = min(check_room(ray.nodes(), *resources), len(waiting))
        check_folders(ray, job)
        files = [ray.put(packed_model(model.folder))]  # in a list, so that it reaches an actor as a reference
        try:
            for row in _results(job, waiting, (job, files, model.checksum), resources, actors):
                yield Scored(row["name"], int(row["unanswered"]), row["failure"])
        except ray.exceptions.RayError as error:
            reason = " ".join(str(error).split())[-300:]
            raise InputError(f"the cluster gave up after {RETRIES} retries; continue with --resume: {reason}") from None


def _results(
    job: FolderJob, waiting: list[str], given: tuple[Any, ...], resources: tuple[float, float], actors: int
) -> Iterator[dict[str, Any]]:
    from ray.data import ActorPoolStrategy, DataContext, from_items

    context = DataContext.get_current()
    context.enable_progress_bars = context.print_on_execution_start = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    cpus, gpus = resources
    # A node that is lost takes its actors with it: the pool shrinks to those that there is room for.
    pool = ActorPoolStrategy(min_size=1, max_size=actors, initial_size=actors, max_tasks_in_flight_per_actor=2)
    names = from_items(waiting, override_num_blocks=len(waiting))
    scored = names.map_batches(
        Scorer,
        fn_constructor_args=given,
        batch_size=1,
        num_cpus=cpus,
        num_gpus=gpus or None,
        compute=pool,
        max_restarts=RETRIES,
        max_task_retries=RETRIES,
    )
    yield from scored.iter_rows()


def check_folders(ray: Any, job: FolderJob) -> None:
    """Raise `InputError` for a node that doesn't see the folders of `job`, if they are not in S3."""
    marks = []
    if source := open_store(job.source).local(job.names[0]):
        marks.append(source)
    if target := open_store(job.target).local(STATE):
        marks.append(target)
    found = on_every_node(ray, _unseen, marks)
    if blind := [(host, place) for host, place in found if place]:
        raise InputError(f"the node {blind[0][0]} doesn't see {blind[0][1]}; use s3:// or a shared file system")


def _unseen(marks: list[Path]) -> tuple[str, str]:
    unseen = [str(mark) for mark in marks if not mark.is_file()]
    return socket.gethostname(), unseen[0] if unseen else ""
