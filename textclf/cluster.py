"""A connection to a Ray cluster, or to a Ray of this machine alone; Ray is imported here and nowhere else without need.

Whoever runs this also runs the same Python packages on every node. The code of textclf and tools is sent along, so a
node has the driver's. Credentials are never sent: a node takes them from its own environment.
"""

import math
import os
import re
import socket
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from textclf.errors import InputError

LOCAL = "local"  # the address of a Ray that is started on this machine, and ends with the command
MEMORY = 500_000_000  # bytes of the object store of such a Ray: parameters and a model's files pass through it
REACH = 10  # seconds
ASK_LESS = "lower --cpus or --gpus"
MISSING = "this needs Ray, which is not installed; pip install -r requirements/cluster.txt"


def default_address() -> str | None:
    """Return the cluster that the environment names, if any."""
    return os.environ.get("RAY_ADDRESS") or None


def import_ray() -> Any:
    """Return Ray's module, which neither reports usage nor warns of changes to come; `InputError` without it."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # the driver's terminal is no log; see /tmp/ray for that
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import ray
    except ImportError:
        raise InputError(MISSING) from None
    return ray


def check_room(nodes: list[dict[str, Any]], cpus: float, gpus: float = 0, hint: str = ASK_LESS) -> int:
    """Return how many tasks of `cpus` processors and `gpus` GPUs run at once on `nodes`, as `ray.nodes()` lists them.

    Raises `InputError` with a `hint` if no node holds one: Ray would wait for such a node without a word.

    >>> check_room([{"Alive": True, "Resources": {"CPU": 8.0, "GPU": 1.0}}], cpus=1, gpus=0.5)
    2
    """
    sizes = [(node["Resources"].get("CPU", 0), node["Resources"].get("GPU", 0)) for node in nodes if node["Alive"]]
    room = sum(int(min(size[0] / cpus, size[1] / gpus if gpus else math.inf)) for size in sizes)
    if not room:
        most = max(sizes, key=lambda size: size[::-1] if gpus else size)
        largest = f"the largest has {most[0]:g} and {most[1]:g}"
        raise InputError(f"no node has {cpus:g} processors and {gpus:g} GPUs; {largest}; {hint}")
    return room


def on_every_node(ray: Any, function: Callable[..., Any], *arguments: Any) -> list[Any]:
    """Return what `function` returns on each node that is alive and has processors for tasks.

    Raises `InputError` for a node on which it fails, or which dies meanwhile.
    """
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    task, asked = ray.remote(num_cpus=0)(function), []
    for node in ray.nodes():
        if node["Alive"] and node["Resources"].get("CPU"):
            place = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
            asked.append((node["NodeManagerHostname"], task.options(scheduling_strategy=place).remote(*arguments)))
    return [_answer(ray, host, ref) for host, ref in asked]


def _answer(ray: Any, host: str, ref: Any) -> Any:
    try:
        return ray.get(ref)
    except ray.exceptions.RayError as error:
        cause = error.cause if isinstance(error, ray.exceptions.RayTaskError) else error
        raise InputError(f"the node {host} gives no answer: {' '.join(str(cause).split())[:300]}") from None


def check_reachable(address: str) -> None:
    """Raise `InputError` if nothing answers at an address with a port: Ray itself would try for minutes."""
    match = re.fullmatch(r"(?:ray://)?\[?([^/\]]+?)\]?:(\d+)", address)
    if match is None:
        return
    try:
        socket.create_connection((match[1], int(match[2])), timeout=REACH).close()
    except (OSError, OverflowError, UnicodeError) as error:  # UnicodeError: a host with an empty or very long part
        raise InputError(f"no Ray cluster answers at {address!r} ({error}); start one with: ray start") from None


@contextmanager
def connected(address: str, cpus: int | None = None) -> Iterator[Any]:
    """Yield Ray's module while it is connected to `address`; `local` starts a Ray here, with `cpus` processors."""
    ray = import_ray()
    check_reachable(address)
    root = Path(__file__).resolve().parent.parent
    options: dict[str, Any] = {"runtime_env": {"py_modules": [str(root / "textclf"), str(root / "tools")]}}
    if address == LOCAL:
        options |= {"num_cpus": cpus or os.cpu_count(), "object_store_memory": MEMORY, "include_dashboard": False}
    try:
        ray.init(address, logging_level="ERROR", log_to_driver=False, **options)
    except (ConnectionError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:300]
        raise InputError(
            f"no Ray cluster can be reached at {address!r} ({reason}); start one with: ray start"
        ) from None
    try:
        yield ray
    finally:
        ray.shutdown()
