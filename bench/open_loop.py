"""An HTTP client that sends at given times and costs little: what it uses, the measured parts do not have."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import httptools

MAX_CONNECTIONS = 500
"""Requests under way at once; what is due beyond them waits, and its wait counts."""


class OpenLoop:
    """Sends each request at its time, on as many connections as that takes."""

    def __init__(self, host: str, port: int, requests: Sequence[bytes]) -> None:
        """`requests` are whole HTTP/1.1 requests."""
        self.accepted: list[float | None] = [None] * len(requests)
        """When the answer 202 of each came; `time.monotonic()`."""
        self.refusals: Counter[str] = Counter()
        self._address = host, port
        self._requests = requests
        self._idle: list[_Connection] = []
        self._waiting: deque[int] = deque()
        self._open: set[_Connection] = set()
        self._connecting = 0
        self._unsettled = len(requests)
        self._all_settled = asyncio.Event()
        self._opening: set[asyncio.Task[None]] = set()

    async def send(self, times: Sequence[float], *, patience_seconds: float) -> None:
        """Sends all at these times, ascending; then waits for the last answers, so long at most."""
        for number, at in enumerate(times):
            if (wait := at - time.monotonic()) > 0:
                await asyncio.sleep(wait)
            self._begin(number)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._all_settled.wait(), patience_seconds)

    def close(self) -> None:
        """Closes the connections."""
        for connection in self._open:
            connection.close()

    def settled(self, connection: "_Connection", number: int, outcome: str, *, reusable: bool) -> None:
        """A request has come to its end."""
        if outcome == "202":
            self.accepted[number] = time.monotonic()
        else:
            self.refusals[outcome] += 1
        self._settle_one()
        if not reusable:
            return
        if self._waiting:
            following = self._waiting.popleft()
            connection.send(following, self._requests[following])
        else:
            self._idle.append(connection)

    def closed(self, connection: "_Connection") -> None:
        """A connection is no more."""
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        if self._waiting:
            self._connect(self._waiting.popleft())

    def _begin(self, number: int) -> None:
        if self._idle:
            self._idle.pop().send(number, self._requests[number])
        elif len(self._open) + self._connecting < MAX_CONNECTIONS:
            self._connect(number)
        else:
            self._waiting.append(number)

    def _connect(self, number: int) -> None:
        self._connecting += 1
        task = asyncio.create_task(self._connect_and_send(number))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _connect_and_send(self, number: int) -> None:
        loop = asyncio.get_running_loop()
        try:
            _, connection = await loop.create_connection(lambda: _Connection(self), *self._address)
        except OSError as error:
            self._connecting -= 1
            self.refusals[type(error).__name__] += 1
            self._settle_one()
            return
        self._connecting -= 1
        self._open.add(connection)
        connection.send(number, self._requests[number])

    def _settle_one(self) -> None:
        self._unsettled -= 1
        if not self._unsettled:
            self._all_settled.set()


class _Connection(asyncio.Protocol):
    """One request at a time; also what httptools tells what it has parsed."""

    def __init__(self, client: OpenLoop) -> None:
        self._client = client
        self._number: int | None = None
        self._transport: Any = None
        self._parser = httptools.HttpResponseParser(self)

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def send(self, number: int, request: bytes) -> None:
        self._number = number
        if self._transport is None or self._transport.is_closing():
            self._settle("closed", reusable=False)
        else:
            self._transport.write(request)

    def close(self) -> None:
        if self._transport:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        reusable = self._parser.should_keep_alive()
        self._settle(str(self._parser.get_status_code()), reusable=reusable)
        if not reusable:
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._number is not None:
            self._settle(type(exc).__name__ if exc else "closed", reusable=False)
        self._client.closed(self)

    def _settle(self, outcome: str, *, reusable: bool) -> None:
        number, self._number = self._number, None
        if number is not None:
            self._client.settled(self, number, outcome, reusable=reusable)
