"""One link: the ports on which it is entered, where each leads, and its connections."""

import asyncio
import socket
import struct
from collections.abc import Callable, Mapping

from operations.local.proxy.conditions import CALM, Conditions
from operations.local.proxy.pump import Pump, Weather

_HOST = "127.0.0.1"
# Closed with what is in it thrown away: the other side gets a reset.
_RESET = struct.pack("ii", 1, 0)


class Link:
    """Leads each connection to its server; for one event loop."""

    def __init__(self, routes: Mapping[int, int]) -> None:
        """`routes`: the port that is listened on → the port that it leads to, both of 127.0.0.1."""
        self.passed_bytes = 0
        self._routes = routes
        self._weather = Weather(CALM)
        self._servers: list[asyncio.Server] = []
        self._open: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[None]] = set()

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        return len(self._serving)

    async def open(self) -> None:
        """Lets clients in. Raises `OSError` where a port is taken."""
        for port, target in self._routes.items():
            self._servers.append(await asyncio.start_server(self._entrance(target), _HOST, port))

    async def close(self) -> None:
        """Lets nobody in, and closes what is open."""
        servers, self._servers = self._servers, []
        for server in servers:
            server.close()
        await self._end(reset=False)

    async def become(self, conditions: Conditions) -> None:
        """These from now on, also for what is on its way."""
        self._weather.become(conditions)
        if conditions.cut:
            await self.close()
        elif not self._servers:
            await self.open()

    async def reset(self) -> None:
        """Breaks every connection off as a machine does that has begun anew; new ones are let in."""
        await self._end(reset=True)

    async def _end(self, *, reset: bool) -> None:
        for writer in self._open:
            if reset and (connection := writer.get_extra_info("socket")):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            writer.transport.abort() if reset else writer.close()
        serving = list(self._serving)
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)

    def _entrance(self, target: int) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]:
        def enter(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.create_task(self._serve(target, reader, writer))
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)

        return enter

    async def _serve(self, target: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends = [writer]
        self._open.add(writer)
        try:
            # Who asks for a connection waits as long as the first word would take.
            await self._weather.heard("up")
            served, server = await asyncio.open_connection(_HOST, target)
            ends.append(server)
            self._open.add(server)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(Pump("up", self._weather, reader, server, self._passed).run())
                tasks.create_task(Pump("down", self._weather, served, writer, self._passed).run())
        except* OSError:
            # The other end learns it by the end of its own connection.
            pass
        finally:
            for end in ends:
                self._open.discard(end)
                end.close()

    def _passed(self, length: int) -> None:
        self.passed_bytes += length
