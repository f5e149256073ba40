"""Events of one lane come one after the other, those of several at once."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextvars import ContextVar

import pytest

from streams.lanes import process_in_lanes

Event = tuple[str, int]

_current: ContextVar[Event] = ContextVar("current")


async def _deliver(*events: Event) -> AsyncIterator[Event]:
    for event in events:
        _current.set(event)
        yield event


class Work:
    """Holds every event until it is let go; notes what begins and ends."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.gates: dict[Event, asyncio.Event] = {}

    async def process(self, event: Event) -> None:
        self.notes.append(f"{event[0]}{event[1]}+")
        self.gates[event] = asyncio.Event()
        await self.gates[event].wait()
        assert _current.get() == event
        self.notes.append(f"{event[0]}{event[1]}-")

    async def settled(self) -> list[str]:
        for _ in range(10):
            await asyncio.sleep(0)
        return self.notes


def _start(work: Work, *events: Event) -> asyncio.Task[None]:
    return asyncio.create_task(process_in_lanes(_deliver(*events), lambda event: event[0], work.process))


async def test_lanes_go_at_once_and_each_keeps_its_order() -> None:
    work = Work()
    running = _start(work, ("a", 1), ("b", 1), ("a", 2), ("b", 2))
    assert await work.settled() == ["a1+", "b1+"]
    # What waits for its lane holds up those behind it, also where their lanes are free.
    work.gates["b", 1].set()
    assert await work.settled() == ["a1+", "b1+", "b1-"]
    work.gates["a", 1].set()
    assert await work.settled() == ["a1+", "b1+", "b1-", "a1-", "a2+", "b2+"]
    work.gates["b", 2].set()
    work.gates["a", 2].set()
    await running
    assert Counter(note[-1] for note in work.notes) == {"+": 4, "-": 4}


async def test_when_one_fails_the_others_are_cancelled() -> None:
    ended = []

    async def process(event: Event) -> None:
        if event == ("b", 1):
            raise LookupError
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(event)

    with pytest.raises(ExceptionGroup) as caught:
        await process_in_lanes(_deliver(("a", 1), ("b", 1), ("a", 2)), lambda event: event[0], process)
    assert caught.group_contains(LookupError)
    assert ended == [("a", 1)]


async def test_who_stops_it_stops_what_is_in_hand() -> None:
    work = Work()
    running = _start(work, ("a", 1), ("b", 1), ("a", 2))
    await work.settled()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert work.notes == ["a1+", "b1+"]
