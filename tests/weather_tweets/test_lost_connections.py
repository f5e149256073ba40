"""What is written to a lost connection on uvloop."""

import asyncio
import inspect
from typing import Any

import pytest
import uvloop

from weather_tweets import lost_connections


@pytest.fixture
def unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    """`asyncio.StreamWriter` is in the end what it was before."""
    for name in ("write", "writelines"):
        monkeypatch.setattr(asyncio.StreamWriter, name, getattr(asyncio.StreamWriter, name))


async def _write_to_a_lost_connection(method: str, data: Any) -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
        writer.transport.abort()
        await asyncio.sleep(0.05)
        getattr(writer, method)(data)


@pytest.mark.parametrize(("method", "data"), [("write", b"x"), ("writelines", [b"x"])])
@pytest.mark.usefixtures("unchanged")
def test_it_is_an_os_error_as_clients_of_kafka_and_redis_expect(method: str, data: Any) -> None:
    lost_connections.raise_os_errors()
    with pytest.raises(ConnectionResetError, match="handler is closed"):
        uvloop.run(_write_to_a_lost_connection(method, data))


def test_uvloop_still_raises_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where this fails, `lost_connections` can go."""
    # A test before may have imported a service that changes it.
    monkeypatch.setattr(asyncio.StreamWriter, "write", inspect.unwrap(asyncio.StreamWriter.write))
    with pytest.raises(RuntimeError, match="handler is closed"):
        uvloop.run(_write_to_a_lost_connection("write", b"x"))
