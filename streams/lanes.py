"""Lanes: several partitions at once, the events of each one after the other."""

import asyncio
from collections.abc import AsyncIterable, Callable, Coroutine, Hashable
from typing import Any, TypeVar

Event = TypeVar("Event")


async def process_in_lanes(
    events: AsyncIterable[Event],
    lane_of: Callable[[Event], Hashable],
    process: Callable[[Event], Coroutine[Any, Any, None]],
) -> None:
    """Processes every event in a task of its own, with the context variables that it came with.

    An event waits until the one before it in its lane is done, and those behind it wait with it: no more than
    one per lane and one more are in hand. If `process` raises, all that are in hand are cancelled, and it is
    raised in an `ExceptionGroup`.
    """
    last: dict[Hashable, asyncio.Task[None]] = {}
    async with asyncio.TaskGroup() as in_hand:
        async for event in events:
            lane = lane_of(event)
            if lane in last:
                await asyncio.wait([last[lane]])
            last[lane] = in_hand.create_task(process(event))
