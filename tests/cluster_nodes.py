"""Ray clusters of small nodes on this machine, for tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

SMALL: dict[str, Any] = {"object_store_memory": 150_000_000}


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
