"""The steady load, and what is made of its course."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bench.failure import StageFailedError
from bench.open_loop import OpenLoop
from bench.steady import Course, SteadyLoad, percentile, timeline
from operations.local.endpoints import Endpoints

COURSE = Course(
    due=[0.0, 0.5, 1.0, 1.5],
    accepted=[0.1, 0.6, None, 3.5],
    counted=[0.3, 1.1, None, 3.6],
    shown=[None] * 4,
    refusals={"503": 1},
)
_REQUEST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
_ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n{}"


def test_waits_are_counted_from_the_time_to_be_sent() -> None:
    assert COURSE.waits_ms(COURSE.accepted) == pytest.approx([100, 100, 2000])


def test_a_percentile_is_a_value_that_occurred() -> None:
    assert percentile([1, 2, 3, 4], 50) == 2
    assert percentile([1, 2, 3, 4], 99) == 4
    assert percentile([], 50) is None


def test_the_timeline_has_every_second_up_to_the_last_count() -> None:
    line = timeline("an end", COURSE, {"killed": 1.0})
    assert line.sent == [2, 2, 0, 0]
    assert line.accepted == [2, 0, 0, 1]
    assert line.processed == [1, 1, 0, 1]
    assert line.answer_p99_ms == [pytest.approx(100), pytest.approx(2000), None, None]


def test_a_load_that_fails_says_what_it_said_last() -> None:
    nowhere = Endpoints(
        gateway="http://127.0.0.1:1", grpc="", websocket="ws://127.0.0.1:1", stats=[], kafka="",
        redis="redis://127.0.0.1:1", mongo="mongodb://127.0.0.1:1", data_dir="", supervisor=0, pids={},
    )  # fmt: skip
    load = SteadyLoad(nowhere, per_second=1, seconds=0.1)
    with pytest.raises(StageFailedError, match=r"ended with status 1 and left no course: [A-Za-z]*Error: "):
        load.course()


class _Door(asyncio.Protocol):
    """Takes requests; answers all when told to, or hangs up on each."""

    def __init__(self, *, hangs_up: bool) -> None:
        self.arrived = 0
        self._hangs_up = hangs_up
        self._transports: list[Any] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transports.append(transport)

    def data_received(self, data: bytes) -> None:
        self.arrived += data.count(_REQUEST)
        if self._hangs_up:
            for transport in self._transports:
                transport.close()

    def answer(self) -> None:
        for transport in self._transports:
            transport.write(_ACCEPTED)


@asynccontextmanager
async def _client(door: _Door, requests: int) -> AsyncIterator[OpenLoop]:
    server = await asyncio.get_running_loop().create_server(lambda: door, "127.0.0.1", 0)
    client = OpenLoop("127.0.0.1", server.sockets[0].getsockname()[1], [_REQUEST] * requests)
    yield client
    client.close()
    server.close()
    # What is closed is gone in the loop's next turns.
    await asyncio.sleep(0.01)


async def test_requests_are_sent_at_their_times_although_the_answers_are_late() -> None:
    door = _Door(hangs_up=False)
    async with _client(door, 3) as client:
        now = time.monotonic()
        sending = asyncio.create_task(client.send([now, now, now + 0.01], patience_seconds=10))
        while door.arrived < 3:
            await asyncio.sleep(0.01)
        door.answer()
        await sending
        assert None not in client.accepted
        assert not client.refusals


async def test_what_is_not_answered_202_is_told() -> None:
    async with _client(_Door(hangs_up=True), 2) as client:
        await client.send([time.monotonic()] * 2, patience_seconds=10)
        assert client.accepted == [None, None]
        assert client.refusals.total() == 2
