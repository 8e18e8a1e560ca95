"""Training by several processes with Ray Train, each on its part of every batch. Ray is imported when it starts.

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
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from textclf.cache import main_checkout
from textclf.cluster import LOCAL, check_room, connected, default_address, on_every_node
from textclf.encoders.checkpoints import locate
from textclf.encoders.device import choose_device
from textclf.encoders.machine import processor_kind, threads
from textclf.encoders.precision import resolve_precision
from textclf.errors import InputError
from textclf.params import Params
from textclf.training.resume import last_checkpoint
from textclf.training.task import Task, Trained

RESTARTS = 3  # of all workers, after one of them died
Train = Callable[[Task], Trained]
MISTAKE, SAID = "mistake.txt", "said.txt"
HINT = "each worker takes OMP_NUM_THREADS processors"


@dataclass(frozen=True)
class Node:
    """A node's name, whether it sees the run's folder, and its arithmetic, such as `bf16 on x86_64 AVX512 AMX`."""

    host: str
    sees: bool
    arithmetic: str


def train_epochs(task: Task, train: Train) -> None:
    """Train all epochs of `task` by its `workers` with a method's `train`; they leave the checkpoints in `resume_dir`.

    `RAY_ADDRESS` names the cluster; without it, the workers share this machine's threads. Raises `InputError` if there
    is no room for them, a node doesn't see this folder or computes otherwise, or the workers die too often.
    """
    address, workers = default_address(), task.params.workers
    each = threads_each(workers)
    task.resume_dir.mkdir(parents=True, exist_ok=True)
    (task.resume_dir / MISTAKE).unlink(missing_ok=True)
    with connected(address or LOCAL, cpus=workers * each) as ray:
        share = _share(ray, task.params, each)
        _check_nodes(ray, task.resume_dir.resolve(), task.params)
        places = {"folder": str(Path.cwd()), "root": str(main_checkout().resolve())}
        config = {"task": task, "train": train, "threads": each} | places
        try:
            with _told(task.resume_dir / SAID):
                _trainer(config, task, share).fit()
        except ray.train.ControllerError as error:
            reason = " ".join(str(error.controller_failure).split())[:300]
            raise InputError(f"the workers could not be started: {reason}") from None
        except ray.train.TrainingFailedError as error:
            _tell_mistake(task.resume_dir)
            raise InputError(f"the workers died {1 + RESTARTS} times: {' '.join(str(error).split())[-300:]}") from None
    _tell_mistake(task.resume_dir)


def _tell_mistake(folder: Path) -> None:
    """Raise `InputError` with the mistake that a worker has written down, if any."""
    if (mistake := folder / MISTAKE).is_file():
        raise InputError(mistake.read_text(encoding="utf-8"))


def threads_each(workers: int) -> int:
    """Return how many threads each worker computes with, on which the last digits of its sums depend.

    On a cluster these are as many as PyTorch has here; without one, the workers share those of this machine.
    """
    return threads() if default_address() else max(1, threads() // workers)


def _share(ray: Any, params: Params, cpus: int) -> dict[str, float]:
    """Return what each worker takes of a node; `InputError` if the nodes don't hold all workers at once."""
    gpus = int(choose_device(params.device) == "cuda")
    if (room := check_room(ray.nodes(), cpus, gpus, HINT)) < params.workers:
        each = f"{cpus} processors" + (" and a GPU; device = cpu needs no GPU" if gpus else "")
        raise InputError(
            f"workers = {params.workers}: the nodes have room for {room} at a time, each with {each}; {HINT}"
        )
    return {"CPU": cpus, "GPU": gpus} if gpus else {"CPU": cpus}


def _trainer(config: dict[str, Any], task: Task, share: dict[str, float]) -> Any:
    from ray.train import FailureConfig, RunConfig, ScalingConfig
    from ray.train.torch import TorchTrainer

    os.environ.setdefault("RAY_TRAIN_ENABLE_PRINT_PATCH", "0")  # it defeats programs that capture what they print
    os.environ.setdefault("RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S", "300")  # a minute is little on a busy machine
    scaling = ScalingConfig(num_workers=task.params.workers, use_gpu="GPU" in share, resources_per_worker=share)
    storage = str(task.resume_dir.resolve() / "ray")  # Ray's own notes: the checkpoints are the Trainer's
    limits: dict[str, Any] = {"max_failures": RESTARTS, "controller_failure_limit": RESTARTS}
    run = RunConfig(name=uuid.uuid4().hex, storage_path=storage, failure_config=FailureConfig(**limits))
    return TorchTrainer(_work, train_loop_config=config, scaling_config=scaling, run_config=run)


def _work(config: dict[str, Any]) -> None:
    """Do a worker's part; a mistake of the user is written down, and ends the workers that wait for this one.

    Ray then starts all of them anew, and they end at once.
    """
    os.chdir(config["folder"])
    os.environ["DVC_ROOT"] = config["root"]
    torch.set_num_threads(config["threads"])
    task: Task = config["task"]
    if (task.resume_dir / MISTAKE).is_file():
        return
    first = torch.distributed.get_rank() == 0
    if first:
        last_checkpoint(task.resume_dir)  # removes what was cut off, once for all
    torch.distributed.barrier()
    told = task.resume_dir / SAID if first else Path(os.devnull)  # the first one speaks for all
    try:
        with told.open("a", buffering=1, encoding="utf-8") as said, redirect_stdout(said), redirect_stderr(said):
            config["train"](replace(task, folder=locate(task.checkpoint)))  # each node has its own files
    except InputError as error:
        (task.resume_dir / MISTAKE).write_text(str(error), encoding="utf-8")
        raise


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


def _check_nodes(ray: Any, folder: Path, params: Params) -> None:
    """Raise `InputError` for a node that doesn't see `folder`, where the checkpoints are, or computes otherwise."""
    mark = folder / f".{uuid.uuid4()}.part"
    mark.touch()
    try:
        nodes: list[Node] = on_every_node(ray, _look, mark, params)
    finally:
        mark.unlink()
    if blind := [node.host for node in nodes if not node.sees]:
        raise InputError(
            f"workers: the node {blind[0]} doesn't see {folder}; training by several machines needs the checkout on a "
            "file system that they share, under the same path"
        )
    check_kinds(arithmetic(params), nodes)


def check_kinds(here: str, nodes: list[Node]) -> None:
    """Raise `InputError` for a node whose arithmetic isn't that of this machine, which the metrics name."""
    if other := next((node for node in nodes if node.arithmetic != here), None):
        raise InputError(
            f"workers: the node {other.host} computes in {other.arithmetic}, this machine in {here}; weights would "
            "depend on which of them computes what, so use machines of one kind"
        )


def arithmetic(params: Params) -> str:
    """Return the precision and the kinds of processors that this process computes with."""
    kinds = dict.fromkeys(processor_kind(params.device).split())  # several GPUs of a kind count once
    return f"{resolve_precision(params.precision, params.device)} on {' '.join(kinds)}"


def _look(mark: Path, params: Params) -> Node:
    return Node(socket.gethostname(), mark.is_file(), arithmetic(params))
