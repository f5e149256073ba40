"""The pace of the live view: at most ten deltas a second, however many tweets come."""

import asyncio
import time
from collections.abc import Callable

import msgspec

from ws_writer.accepted import Accepted
from ws_writer.frames import SharedFrame
from ws_writer.processed import Processed
from ws_writer.rate import Rate
from ws_writer.view import LiveView
from ws_writer.viewers import Viewers

PAUSE_SECONDS = 0.1
RATE_SECONDS = 300
"""How much of the rate a new viewer is shown."""

_encode = msgspec.json.Encoder().encode


class Broadcast:
    """Tells the viewers what changed, right away and then again at most every `PAUSE_SECONDS`."""

    def __init__(
        self, accepted: Accepted, processed: Processed, rate: Rate, view: LiveView, viewers: Viewers
    ) -> None:
        self._accepted = accepted
        self._processed = processed
        self._rate = rate
        self._view = view
        self._viewers = viewers
        self._changed = asyncio.Event()
        self._snapshot: SharedFrame | None = None

    def notice(self) -> None:
        """Something changed."""
        self._changed.set()

    def snapshot(self) -> SharedFrame:
        """What a viewer that joins now is told; made once for all that join before the next delta."""
        if self._snapshot is None:
            self._snapshot = SharedFrame(_encode(self._view.snapshot(_now_ms(), self._rate.entries)))
        return self._snapshot

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            self.advance()
            await asyncio.sleep(PAUSE_SECONDS)

    def advance(self) -> None:
        """Sends what changed since the last time, if anything."""
        delta = self._view.advance(
            _now_ms(), self._accepted.messages, self._processed.messages, self._accepted.by_country()
        )
        if delta is None:
            return
        self._snapshot = None
        if len(self._viewers):
            self._viewers.send(SharedFrame(_encode(delta)))


async def count_seconds(on_second: Callable[[int], None]) -> None:
    """Calls with every second (since the epoch) that has ended, until cancelled."""
    second = int(time.time())
    while True:
        await asyncio.sleep(max(0.0, second + 1 - time.time()))
        now = int(time.time())
        # A clock that was set, or a machine that slept, skips seconds; it never repeats one.
        if now > second:
            on_second(now - 1)
        second = now


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
