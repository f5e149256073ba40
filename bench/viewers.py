"""`python -m bench.viewers HOST PORT COUNT`: viewers of `/live` that read and throw away.

By hand on bare sockets, because what viewers cost themselves should leave the machine to what is measured.
Prints a line when all are connected, and ends when its standard input does. Keep it under 20 seconds: the
server's pings are not answered.
"""

import asyncio
import base64
import os
import sys

from weather_tweets.open_files import allow_many

_CONNECTED = b"HTTP/1.1 101 "
_AT_ONCE = 50
"""Handshakes in flight; the server's backlog is not much longer."""


class Viewer(asyncio.Protocol):
    """A browser's handshake, and then nothing but reading."""

    def __init__(self, host: str) -> None:
        self._host = host
        self.connected: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(  # type: ignore[attr-defined]
            f"GET /live HTTP/1.1\r\nHost: {self._host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        if self.connected.done():
            return
        if data.startswith(_CONNECTED):
            self.connected.set_result(None)
        else:
            self.connected.set_exception(ConnectionError(data[:200].decode(errors="replace")))


async def connect(host: str, port: int, count: int) -> None:
    """Returns when so many viewers watch. Raises `OSError` where one is not let in."""
    loop = asyncio.get_running_loop()
    slots = asyncio.Semaphore(_AT_ONCE)

    async def connect_one() -> None:
        async with slots:
            _, viewer = await loop.create_connection(lambda: Viewer(f"{host}:{port}"), host, port)
            await viewer.connected

    await asyncio.gather(*[connect_one() for _ in range(count)])


async def main(host: str, port: int, count: int) -> None:
    await connect(host, port, count)
    sys.stdout.write("connected\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    allow_many()
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
