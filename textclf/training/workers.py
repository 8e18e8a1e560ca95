"""Training by several processes with Ray Train, each on its part of every batch; imported for `workers` above 1 alone.

The workers run the method's own training. Hugging Face's Trainer sees that it is one of several processes (PyTorch's
DistributedDataParallel, by gloo on processors and NCCL on GPUs), and the first worker writes the checkpoints. When a
worker or its node dies, Ray starts all of them anew, and they resume from the last complete epoch.
"""

import os
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import torch

from textclf.cache import main_checkout
from textclf.cluster import LOCAL, connected, default_address, on_every_node
from textclf.encoders.machine import threads
from textclf.errors import InputError
from textclf.training.resume import last_checkpoint
from textclf.training.task import Task, Trained

RESTARTS = 3  # of all workers, after one of them died
Train = Callable[[Task], Trained]
MISTAKE, SAID = "mistake.txt", "said.txt"


def train_epochs(task: Task, train: Train) -> None:
    """Train all epochs of `task` by its `workers` with a method's `train`; they leave the checkpoints in `resume_dir`.

    `RAY_ADDRESS` names the cluster; without it, the workers share this machine's threads. Raises `InputError` if a node
    doesn't see this folder, or the workers die too often.
    """
    address, workers = default_address(), task.params.workers
    each = threads() if address else max(1, threads() // workers)
    task.resume_dir.mkdir(parents=True, exist_ok=True)
    (task.resume_dir / MISTAKE).unlink(missing_ok=True)
    with connected(address or LOCAL, cpus=workers * each) as ray:
        _check_nodes(ray, task.resume_dir.resolve())
        places = {"folder": str(Path.cwd()), "root": str(main_checkout().resolve())}
        config = {"task": task, "train": train, "threads": each} | places
        try:
            with _told(task.resume_dir / SAID):
                _trainer(ray, config, task, each).fit()
        except ray.train.TrainingFailedError as error:
            raise InputError(f"the workers died {1 + RESTARTS} times: {' '.join(str(error).split())[-300:]}") from None
    if (mistake := task.resume_dir / MISTAKE).is_file():
        raise InputError(mistake.read_text(encoding="utf-8"))


def _trainer(ray: Any, config: dict[str, Any], task: Task, cpus: int) -> Any:
    from ray.train import FailureConfig, RunConfig, ScalingConfig
    from ray.train.torch import TorchTrainer

    os.environ.setdefault("RAY_TRAIN_ENABLE_PRINT_PATCH", "0")  # it defeats programs that capture what they print
    os.environ.setdefault("RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S", "300")  # a minute is little on a busy machine
    gpu = task.params.device == "auto" and ray.cluster_resources().get("GPU", 0) >= task.params.workers
    resources = {"CPU": cpus} | ({"GPU": 1} if gpu else {})
    scaling = ScalingConfig(num_workers=task.params.workers, use_gpu=gpu, resources_per_worker=resources)
    storage = str(task.resume_dir.resolve() / "ray")  # Ray's own notes: the checkpoints are the Trainer's
    run = RunConfig(name=uuid.uuid4().hex, storage_path=storage, failure_config=FailureConfig(max_failures=RESTARTS))
    return TorchTrainer(_work, train_loop_config=config, scaling_config=scaling, run_config=run)


def _work(config: dict[str, Any]) -> None:
    """Do a worker's part; a mistake of the user is written down, as it would only come again."""
    os.chdir(config["folder"])
    os.environ["DVC_ROOT"] = config["root"]
    torch.set_num_threads(config["threads"])
    task: Task = config["task"]
    first = torch.distributed.get_rank() == 0
    if first:
        last_checkpoint(task.resume_dir)  # removes what was cut off, once for all
    torch.distributed.barrier()
    told = task.resume_dir / SAID if first else Path(os.devnull)  # the first one speaks for all
    try:
        with told.open("a", buffering=1, encoding="utf-8") as said, redirect_stdout(said), redirect_stderr(said):
            config["train"](task)
    except InputError as error:
        (task.resume_dir / MISTAKE).write_text(str(error), encoding="utf-8")


@contextmanager
def _told(file: Path) -> Iterator[None]:
    """Print what is written into `file` while the block runs; what Ray itself says of its actors is left out."""
    file.write_text("", encoding="utf-8")
    over = threading.Event()

    def tell() -> None:
        with file.open(encoding="utf-8") as lines:
            last = False
            while not last:
                last = over.wait(1)
                print(lines.read(), end="", flush=True)

    teller = threading.Thread(target=tell)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()


def _check_nodes(ray: Any, folder: Path) -> None:
    """Raise `InputError` for a node that doesn't see this run's folder, where the checkpoints are."""
    mark = folder / f".{uuid.uuid4()}.part"
    mark.touch()
    try:
        blind = [host for host, sees in on_every_node(ray, _look, mark) if not sees]
    finally:
        mark.unlink()
    if blind:
        raise InputError(
            f"workers: the node {blind[0]} doesn't see {folder}; training by several machines needs the checkout on a "
            "file system that they share, under the same path"
        )


def _look(mark: Path) -> tuple[str, bool]:
    return socket.gethostname(), mark.is_file()
