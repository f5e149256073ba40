import asyncio

import pytest
from websockets.asyncio.server import ServerConnection, serve

from bench import viewers


async def test_every_viewer_is_connected_and_stays() -> None:
    there: set[ServerConnection] = set()

    async def live(viewer: ServerConnection) -> None:
        there.add(viewer)
        await viewer.wait_closed()

    async with serve(live, "127.0.0.1", 0, close_timeout=0) as server:
        await viewers.connect("127.0.0.1", server.sockets[0].getsockname()[1], 60)
        assert len(there) == 60
        await asyncio.gather(*[viewer.ping() for viewer in there])


async def test_a_viewer_that_is_not_let_in_is_told() -> None:
    async def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 503 Service Unavailable\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        with pytest.raises(ConnectionError, match="503"):
            await viewers.connect("127.0.0.1", server.sockets[0].getsockname()[1], 1)
