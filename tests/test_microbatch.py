"""Concurrent requests share a pass, each gets its own results, and no more wait than may."""

import asyncio
import time

import pytest

from tools.serve.microbatch import Batcher, QueueFull


class Work:
    """Doubles numbers, slowly, and remembers what it was given."""

    def __init__(self) -> None:
        self.seen: list[list[int]] = []

    def __call__(self, items: list[int]) -> list[int]:
        self.seen.append(items)
        time.sleep(0.02)
        if 13 in items:
            raise ValueError("13")
        return [2 * item for item in items]


async def together(batcher: Batcher[int, int], *requests: list[int]) -> list[list[int] | BaseException]:
    worker = asyncio.create_task(batcher.run())
    try:
        return await asyncio.gather(*(batcher.ask(items) for items in requests), return_exceptions=True)
    finally:
        worker.cancel()


def test_what_comes_together_is_worked_on_together() -> None:
    work = Work()
    found = asyncio.run(together(Batcher(work, batch=4, limit=100), [1], [2, 3], [4, 5], [6]))
    assert found == [[2], [4, 6], [8, 10], [12]]
    assert work.seen == [[1, 2, 3], [4, 5, 6]]


def test_a_request_larger_than_a_batch_is_worked_on_alone() -> None:
    work = Work()
    assert asyncio.run(together(Batcher(work, batch=2, limit=100), [1], [2, 3, 4], [5])) == [[2], [4, 6, 8], [10]]
    assert work.seen == [[1], [2, 3, 4], [5]]


def test_what_does_not_fit_is_refused_at_once_and_the_rest_goes_on() -> None:
    found = asyncio.run(together(Batcher(Work(), batch=2, limit=3), [1, 2], [3], [4]))
    assert found[:2] == [[2, 4], [6]]
    assert isinstance(found[2], QueueFull)


def test_a_failure_reaches_its_requests_and_no_later_one() -> None:
    found = asyncio.run(together(Batcher(Work(), batch=1, limit=9), [13], [2]))
    assert isinstance(found[0], ValueError)
    assert found[1] == [4]


def test_a_client_that_has_gone_does_not_shift_the_others_results() -> None:
    async def scenario() -> list[int]:
        batcher: Batcher[int, int] = Batcher(Work(), batch=10, limit=10)
        first, second = asyncio.create_task(batcher.ask([1, 2])), asyncio.create_task(batcher.ask([3]))
        await asyncio.sleep(0)
        worker = asyncio.create_task(batcher.run())
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        found = await second
        worker.cancel()
        return found

    assert asyncio.run(scenario()) == [6]


def test_a_failure_of_a_client_that_has_gone_does_not_stop_the_others() -> None:
    async def scenario() -> list[int]:
        batcher: Batcher[int, int] = Batcher(Work(), batch=1, limit=10)
        gone = asyncio.create_task(batcher.ask([13]))
        await asyncio.sleep(0)
        gone.cancel()
        worker = asyncio.create_task(batcher.run())
        found = await asyncio.wait_for(batcher.ask([2]), 5)
        worker.cancel()
        return found

    assert asyncio.run(scenario()) == [4]
