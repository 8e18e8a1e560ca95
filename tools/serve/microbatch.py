"""Micro-batching: requests that arrive while the model is busy share its next forward pass."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class QueueFull(Exception):
    """The queue has no room for the request."""


@dataclass
class _Waiting(Generic[Item, Result]):
    items: list[Item]
    results: "asyncio.Future[list[Result]]"


@dataclass
class Batcher(Generic[Item, Result]):
    """Calls `work` with up to `batch` items of one or more requests; at most `limit` items wait.

    `work` runs in a thread, so that new requests are taken meanwhile, but never twice at once. A request of more than
    `batch` items is worked on alone.
    """

    work: Callable[[list[Item]], list[Result]]
    batch: int
    limit: int
    waiting: int = 0
    _requests: "list[_Waiting[Item, Result]]" = field(default_factory=list)
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask(self, items: list[Item]) -> list[Result]:
        """Return the results of `items`, in their order, or raise `QueueFull` if they don't fit into the queue."""
        if self.waiting + len(items) > self.limit:
            raise QueueFull
        request = _Waiting[Item, Result](items, asyncio.get_running_loop().create_future())
        self._requests.append(request)
        self.waiting += len(items)
        self._arrived.set()
        return await request.results

    async def run(self) -> None:
        """Work on requests until cancelled."""
        while True:
            await self._arrived.wait()
            taken = self._take()
            items = [item for request in taken for item in request.items]
            try:
                results = await asyncio.to_thread(self.work, items)
            except Exception as error:
                for request in taken:
                    if not request.results.done():  # its client has gone
                        request.results.set_exception(error)
                continue
            for request in taken:
                own, results = results[: len(request.items)], results[len(request.items) :]
                if not request.results.done():
                    request.results.set_result(own)

    def _take(self) -> "list[_Waiting[Item, Result]]":
        size, taken = 0, 0
        for request in self._requests:
            if taken and size + len(request.items) > self.batch:
                break
            size, taken = size + len(request.items), taken + 1
        batch, self._requests = self._requests[:taken], self._requests[taken:]
        self.waiting -= size
        if not self._requests:
            self._arrived.clear()
        return batch
