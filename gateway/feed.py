"""The live feed: what was accepted goes to the WebSocket writer, without ever slowing a request."""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from contextlib import suppress

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidURI, WebSocketException

from weather_tweets.metrics import GatewayMetrics
from weather_tweets.tweet import Tweet, encode

log = logging.getLogger(__name__)

MAX_FRAME_BYTES = 2**20
"""The writer takes frames of 4 MiB; a tweet has at most some 17 KiB."""

MAX_BUFFER_BYTES = 32 * 2**20
"""Beside the number of tweets, for those that are all as long as they may be."""

# Collecting for a moment makes frames few and large; the live view changes no more often.
_PAUSE_SECONDS = 0.02
_FIRST_BACKOFF_SECONDS = 0.1
_LONGEST_BACKOFF_SECONDS = 5.0


class LiveFeed:
    """A bounded buffer and the WebSocket that empties it. When it is full the oldest are dropped."""

    def __init__(self, url: str, token: str, max_tweets: int, metrics: GatewayMetrics) -> None:
        """`url` is the writer's `/ingest`; `token` opens it."""
        self.connected = False
        self._url = url
        self._token = token
        self._max_tweets = max_tweets
        self._metrics = metrics
        self._buffer: deque[bytes] = deque()
        self._size = 0
        self._filled = asyncio.Event()
        self._emptied = asyncio.Event()
        self._task = asyncio.create_task(self._stay_connected(), name="live-feed")

    def offer(self, tweets: Sequence[Tweet]) -> None:
        """Buffers the tweets and returns at once."""
        buffer = self._buffer
        for tweet in tweets:
            data = encode(tweet)
            self._size += len(data)
            buffer.append(data)
        dropped = 0
        while len(buffer) > self._max_tweets or self._size > MAX_BUFFER_BYTES:
            self._size -= len(buffer.popleft())
            dropped += 1
        if dropped:
            self._metrics.feed_dropped.inc(dropped)
        self._filled.set()

    async def close(self, timeout_seconds: float = 1.0) -> None:
        """Sends what is buffered if that is quickly done, then ends."""
        if self._buffer and self.connected:
            self._emptied.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._emptied.wait(), timeout_seconds)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        if self._buffer:
            self._metrics.feed_dropped.inc(len(self._buffer))

    async def _stay_connected(self) -> None:
        backoff = _FIRST_BACKOFF_SECONDS
        said = ""
        while True:
            try:
                async with connect(
                    self._url,
                    additional_headers={"Authorization": f"Bearer {self._token}"},
                    # On loopback or in a pod: deflating would cost more than the bytes.
                    compression=None,
                    open_timeout=5,
                    close_timeout=1,
                    # A proxy is for the world outside.
                    proxy=None,
                ) as socket:
                    self.connected = True
                    self._filled.set()
                    log.info("The live feed is up")
                    backoff, said = _FIRST_BACKOFF_SECONDS, ""
                    await self._send(socket)
            except (OSError, TimeoutError, InvalidHandshake, InvalidURI, WebSocketException) as error:
                # Once: it may be away for long, and nothing that matters depends on it.
                if str(error) != said:
                    said = str(error)
                    log.warning("The live feed is down: %s", said)
            finally:
                self.connected = False
            await asyncio.sleep(backoff)
            backoff = min(2 * backoff, _LONGEST_BACKOFF_SECONDS)

    async def _send(self, socket: ClientConnection) -> None:
        """Returns when the writer has closed the connection."""
        closed = asyncio.create_task(socket.wait_closed(), name="live-feed-closed")
        closed.add_done_callback(lambda _: self._filled.set())
        try:
            while True:
                await self._filled.wait()
                self._filled.clear()
                while self._buffer and not closed.done():
                    frame = self._next_frame()
                    try:
                        await socket.send(b"[" + b",".join(frame) + b"]", text=True)
                    except BaseException:
                        # It may have arrived in part; the live view is best effort, a repeat does not hurt.
                        self._put_back(frame)
                        raise
                    await asyncio.sleep(_PAUSE_SECONDS)
                self._emptied.set()
                if closed.done():
                    return
        finally:
            closed.cancel()

    def _next_frame(self) -> list[bytes]:
        frame: list[bytes] = []
        size = 0
        while self._buffer:
            # Brackets and commas are as many as the tweets and one more.
            if frame and size + len(self._buffer[0]) + len(frame) + 2 > MAX_FRAME_BYTES:
                break
            data = self._buffer.popleft()
            size += len(data)
            frame.append(data)
        self._size -= size
        return frame

    def _put_back(self, frame: list[bytes]) -> None:
        self._buffer.extendleft(reversed(frame))
        self._size += sum(map(len, frame))
