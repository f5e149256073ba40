"""A TCP proxy in front of a server: it may hold back answers, and lead new connections to another one."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress


class DelayingProxy:
    """Passes on at once what clients say, and what the server says after `delay_seconds`."""

    def __init__(self, server_port: int, delay_seconds: float) -> None:
        self.delay_seconds = delay_seconds
        """May be changed at any time; what is being held back already still waits."""
        self.port = 0
        self.server_port = server_port
        """May be changed at any time; connections that there are stay where they are."""

    async def serve(self, until: asyncio.Event, listening: threading.Event) -> None:
        async with await asyncio.start_server(self._connect, "127.0.0.1", 0) as server:
            self.port = server.sockets[0].getsockname()[1]
            listening.set()
            await until.wait()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_connection("127.0.0.1", self.server_port)
        with closing(writer), closing(to_server):
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass_on(reader, to_server, delayed=False))
                group.create_task(self._pass_on(from_server, writer, delayed=True))

    async def _pass_on(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, delayed: bool
    ) -> None:
        with suppress(ConnectionError):
            while some := await source.read(2**20):
                if delayed:
                    await asyncio.sleep(self.delay_seconds)
                sink.write(some)
                await sink.drain()
        sink.close()


@contextmanager
def delaying(server_port: int, delay_seconds: float) -> Iterator[DelayingProxy]:
    """A proxy in a thread of its own."""
    proxy = DelayingProxy(server_port, delay_seconds)
    over, listening = asyncio.Event(), threading.Event()
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        thread = threading.Thread(target=runner.run, args=(proxy.serve(over, listening),))
        thread.start()
        listening.wait()
        try:
            yield proxy
        finally:
            loop.call_soon_threadsafe(over.set)
            thread.join()
