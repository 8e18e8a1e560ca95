"""Ray clusters of small nodes on this machine, for tests."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.processes import until as until

SMALL: dict[str, Any] = {"object_store_memory": 150_000_000}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a shell with an active environment gives, and nothing of a cluster outside."""
    monkeypatch.setenv("RAY_worker_niceness", "0")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    for name in ("DVC_ROOT", "RAY_ADDRESS"):
        monkeypatch.delenv(name, raising=False)


@contextmanager
def nodes(*cpus: int) -> Iterator[Any]:
    """Yield a cluster with a head without room for tasks, and a node for each number of `cpus`; it ends in any case."""
    from ray.cluster_utils import Cluster

    cluster: Any = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False} | SMALL)
    try:
        for number in cpus:
            cluster.add_node(num_cpus=number, **SMALL)
        yield cluster
    finally:
        cluster.shutdown()
