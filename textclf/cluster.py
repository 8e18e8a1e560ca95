"""A connection to a Ray cluster, or to a Ray of this machine alone; Ray is imported here and nowhere else without need.

Whoever runs this also runs the same Python packages on every node. The code of textclf and tools is sent along, so a
node has the driver's. Credentials are never sent: a node takes them from its own environment.
"""

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


def on_every_node(ray: Any, function: Callable[..., Any], *arguments: Any) -> list[Any]:
    """Return what `function` returns on each node that is alive."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    task = ray.remote(num_cpus=0)(function)
    places = [NodeAffinitySchedulingStrategy(node["NodeID"], soft=False) for node in ray.nodes() if node["Alive"]]
    found: list[Any] = ray.get([task.options(scheduling_strategy=place).remote(*arguments) for place in places])
    return found


def check_reachable(address: str) -> None:
    """Raise `InputError` if nothing answers at an address with a port: Ray itself would try for minutes."""
    match = re.fullmatch(r"(?:ray://)?\[?([^/\]]+?)\]?:(\d+)", address)
    if match is None:
        return
    try:
        socket.create_connection((match[1], int(match[2])), timeout=REACH).close()
    except (OSError, OverflowError) as error:
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
