"""The pace of the live view: deltas as often as they are cheap, however many tweets and viewers there are."""

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

PAUSE_SECONDS = 0.02, 0.25
"""The shortest pause between two deltas, which is little more than a screen's own, and the longest."""
SHARE_OF_TIME = 0.05
"""How much of a processor deltas may take, as long as the longest pause is not reached."""
RATE_SECONDS = 300
"""How much of the rate a new viewer is shown."""

_encode = msgspec.json.Encoder().encode


class Broadcast:
    """Tells the viewers what changed, right away and then again after a pause that follows what it cost."""

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
            began = time.thread_time()
            self.advance()
            # What was written goes out at the end of this turn of the loop: it is most of the cost.
            await asyncio.sleep(0)
            await asyncio.sleep(pause_seconds(time.thread_time() - began))

    def advance(self) -> None:
        """Sends what changed since the last time, if anything."""
        accepted, by_country = self._processed.and_accepted(
            self._accepted.messages, self._accepted.by_country()
        )
        delta = self._view.advance(_now_ms(), accepted, self._processed.messages, by_country)
        if self._view.has_more:
            self.notice()
        if delta is None:
            return
        self._snapshot = None
        if len(self._viewers):
            self._viewers.send(SharedFrame(_encode(delta)))


def pause_seconds(cost_seconds: float) -> float:
    """How long to wait after a delta that took so much CPU time."""
    shortest, longest = PAUSE_SECONDS
    return min(max(shortest, cost_seconds / SHARE_OF_TIME), longest)


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
