"""One direction of one connection."""

import asyncio
import random
from collections.abc import Callable

from operations.local.proxy.conditions import Conditions, Direction

_PIECE_BYTES = 64 * 1024
# So much may be on its way in a link with a delay; beyond it the sender has to wait, as TCP's has.
_PIECES_UNDER_WAY = 256


class Weather:
    """The conditions of a link, which may change while bytes wait."""

    def __init__(self, conditions: Conditions) -> None:
        self.now = conditions
        self._changed = asyncio.Event()

    def become(self, conditions: Conditions) -> None:
        self.now = conditions
        self._changed.set()
        self._changed = asyncio.Event()

    async def heard(self, direction: Direction) -> None:
        """Returns when something arrives in this direction."""
        while direction in self.now.silent:
            await self._changed.wait()


class Pump:
    """Carries bytes from a reader to a writer until the reader's end, which it passes on."""

    def __init__(
        self,
        direction: Direction,
        weather: Weather,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        count: Callable[[int], None],
    ) -> None:
        """`count` is told how many bytes have arrived."""
        self._direction: Direction = direction
        self._weather = weather
        self._reader = reader
        self._writer = writer
        self._count = count
        self._under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_PIECES_UNDER_WAY)

    async def run(self) -> None:
        """Raises `ConnectionError` when one of the two is gone."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._take())
            tasks.create_task(self._give())

    async def _take(self) -> None:
        clock = asyncio.get_running_loop().time
        due = 0.0
        while True:
            piece = await self._reader.read(_PIECE_BYTES)
            conditions = self._weather.now
            late = conditions.delay_seconds + conditions.jitter_seconds * random.uniform(-1, 1)  # noqa: S311
            # Never before what was sent before it.
            due = max(due, clock() + late)
            await self._under_way.put((due, piece))
            if not piece:
                return

    async def _give(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            due, piece = await self._under_way.get()
            if (left := due - clock()) > 0:
                await asyncio.sleep(left)
            await self._weather.heard(self._direction)
            if not piece:
                self._writer.write_eof()
                return
            await self._write(piece)

    async def _write(self, piece: bytes) -> None:
        while piece:
            await self._weather.heard(self._direction)
            conditions = self._weather.now
            # In a throttled link ten pieces a second, each of what may pass meanwhile.
            tenth = int(conditions.bytes_per_second / 10) if conditions.bytes_per_second else len(piece)
            length = max(1, min(len(piece), conditions.piece_bytes or len(piece), tenth))
            if conditions.bytes_per_second:
                await asyncio.sleep(length / conditions.bytes_per_second)
            self._writer.write(piece[:length])
            await self._writer.drain()
            self._count(length)
            piece = piece[length:]
            if conditions.piece_bytes:
                # Else the kernel would put them together again.
                await asyncio.sleep(0)
