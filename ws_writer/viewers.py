"""The viewers of `/live`: who they are, what they are sent, and when they are given up."""

import asyncio
import logging
from collections.abc import Callable

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode
from websockets.protocol import State

from weather_tweets.metrics import WriterMetrics
from ws_writer.frames import SharedFrame

logger = logging.getLogger(__name__)

BACKLOG_BYTES = 256 * 1024
"""A viewer with this much unread is dropped: some ten seconds behind under full load, minutes otherwise."""
MAX_FRAME_BYTES = 4096
"""Largest frame of a viewer; it has nothing to say."""

# What a viewer sends is read this slowly: a flood stays in its own socket.
_READ_PAUSE_SECONDS = 0.1


class Viewers:
    """All open connections of `/live`."""

    def __init__(self, limit: int, metrics: WriterMetrics) -> None:
        self._limit = limit
        self._metrics = metrics
        self._open: set[ServerConnection] = set()

    def __len__(self) -> int:
        return len(self._open)

    @property
    def is_full(self) -> bool:
        """Whether no more viewers are let in."""
        return len(self._open) >= self._limit

    async def attend(self, viewer: ServerConnection, snapshot: Callable[[], SharedFrame]) -> None:
        """Sends the snapshot, and then keeps the viewer among those that get every frame until it leaves."""
        if self.is_full:
            # Many may have come in at once.
            self._metrics.viewers_refused.labels("limit").inc()
            await viewer.close(CloseCode.TRY_AGAIN_LATER, "too many viewers")
            return
        self._open.add(viewer)
        self._metrics.viewers.set(len(self._open))
        try:
            self._write(viewer, snapshot())
            async for _ in viewer:
                await asyncio.sleep(_READ_PAUSE_SECONDS)
        except ConnectionClosed as closed:
            if closed.sent and closed.sent.code == CloseCode.INTERNAL_ERROR:
                # It did not answer our pings.
                self._metrics.viewers_dropped.inc()
        finally:
            self._open.discard(viewer)
            self._metrics.viewers.set(len(self._open))

    def send(self, frame: SharedFrame) -> None:
        """Hands a frame to every viewer without waiting for any; who is too far behind is dropped."""
        for viewer in [viewer for viewer in self._open if not self._write(viewer, frame)]:
            logger.info("viewer %s reads too slowly and is dropped", viewer.id)
            self._metrics.viewers_dropped.inc()
            self._open.discard(viewer)
            viewer.transport.abort()

    def _write(self, viewer: ServerConnection, frame: SharedFrame) -> bool:
        if viewer.state is State.OPEN:
            if viewer.transport.get_write_buffer_size() > BACKLOG_BYTES:
                return False
            viewer.transport.write(frame.for_viewer(viewer))
        return True
