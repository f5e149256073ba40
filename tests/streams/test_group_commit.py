"""One write at a time; whoever comes meanwhile shares the next one."""

import asyncio
from collections.abc import Sequence

import pytest

from streams.group_commit import GroupCommit


class Store:
    """Writes when it is let; answers every item with its tenfold."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.fails: list[Exception] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def write(self, items: list[int]) -> Sequence[int]:
        self.groups.append(items)
        await self.gate.wait()
        if self.fails:
            raise self.fails.pop(0)
        return [10 * item for item in items]


async def _turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_those_of_the_same_turn_are_written_together() -> None:
    store = Store()
    commit = GroupCommit(store.write, most=3)
    assert await asyncio.gather(*map(commit, (1, 2, 3))) == [10, 20, 30]
    assert await commit(4) == 40
    assert store.groups == [[1, 2, 3], [4]]


async def test_those_that_come_during_a_write_share_the_next_one() -> None:
    store = Store()
    commit = GroupCommit(store.write, most=3)
    store.gate.clear()
    first = asyncio.create_task(commit(1))
    await _turns()
    others = [asyncio.create_task(commit(item)) for item in (2, 3)]
    await _turns()
    assert store.groups == [[1]]
    store.gate.set()
    assert await asyncio.gather(first, *others) == [10, 20, 30]
    assert store.groups == [[1], [2, 3]]


async def test_a_failed_write_fails_for_its_group_alone() -> None:
    store = Store()
    commit = GroupCommit(store.write, most=3)
    store.fails = [LookupError("away")]
    store.gate.clear()
    failing = [asyncio.create_task(commit(item)) for item in (1, 2)]
    await _turns()
    later = asyncio.create_task(commit(3))
    store.gate.set()
    for caller in failing:
        with pytest.raises(LookupError, match="away"):
            await caller
    assert await later == 30
    assert store.groups == [[1, 2], [3]]


async def test_a_caller_that_is_cancelled_leaves_the_others_alone() -> None:
    store = Store()
    commit = GroupCommit(store.write, most=3)
    store.gate.clear()
    gone, stays = (asyncio.create_task(commit(item)) for item in (1, 2))
    await _turns()
    gone.cancel()
    store.gate.set()
    assert await stays == 20
    assert gone.cancelled()
    assert await commit(3) == 30


async def test_a_group_has_its_bounds_and_order() -> None:
    store = Store()
    commit = GroupCommit(store.write, size=lambda item: item, most=10)
    items = (1, 9, 1, 30, 5, 5, 1)
    assert await asyncio.gather(*map(commit, items)) == [10 * item for item in items]
    assert store.groups == [[1, 9], [1], [30], [5, 5], [1]]
