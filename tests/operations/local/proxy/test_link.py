"""Each fault on a plain echo: what was sent comes back, later, in parts, or not at all."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from operations.local.ports import free_port
from operations.local.proxy.conditions import Conditions
from operations.local.proxy.link import Link

_HOST = "127.0.0.1"
_SHORT_SECONDS = 0.2
"""So long nothing comes where nothing is to come."""


class Echo:
    """A server that sends back what it gets, and notes it."""

    def __init__(self) -> None:
        self.port = free_port()
        self.pieces: list[bytes] = []
        self.got = asyncio.Event()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while piece := await reader.read(65536):
                self.pieces.append(piece)
                self.got.set()
                writer.write(piece)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()


@pytest.fixture
async def echo() -> AsyncIterator[Echo]:
    echo = Echo()
    server = await asyncio.start_server(echo.answer, _HOST, echo.port)
    yield echo
    server.close()


@pytest.fixture
def entrance() -> int:
    return free_port()


@pytest.fixture
async def link(echo: Echo, entrance: int) -> AsyncIterator[Link]:
    link = Link({entrance: echo.port})
    await link.open()
    yield link
    await link.close()


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def call(self, what: bytes) -> bytes:
        self.writer.write(what)
        return await self.hear(len(what))

    async def hear(self, length: int) -> bytes:
        return await asyncio.wait_for(self.reader.readexactly(length), 10)

    async def hears_nothing(self) -> bool:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(self.reader.read(1), _SHORT_SECONDS)
        return True


@pytest.fixture
async def client(link: Link, entrance: int) -> AsyncIterator[Client]:
    assert link.connections == 0
    reader, writer = await asyncio.open_connection(_HOST, entrance)
    yield Client(reader, writer)
    writer.close()


async def test_a_calm_link_changes_nothing(client: Client, link: Link) -> None:
    much = bytes(range(256)) * 4096
    assert await client.call(much) == much
    assert link.passed_bytes == 2 * len(much)
    assert link.connections == 1


async def test_the_end_of_one_direction_is_passed_on_and_the_other_goes_on(
    client: Client,
) -> None:
    client.writer.write(b"the last word")
    client.writer.write_eof()
    assert await asyncio.wait_for(client.reader.read(), 10) == b"the last word"


async def test_a_delay_holds_each_piece_back_and_keeps_the_order(client: Client, link: Link) -> None:
    await link.become(Conditions(delay_seconds=0.15, jitter_seconds=0.14))
    clock = asyncio.get_running_loop().time
    began = clock()
    for number in range(50):
        client.writer.write(b"%02d" % number)
        await client.writer.drain()
        await asyncio.sleep(0.002)
    assert await client.hear(100) == b"".join(b"%02d" % number for number in range(50))
    # There and back, each at least the delay without its jitter.
    assert clock() - began >= 0.02


async def test_a_throttled_link_passes_so_many_bytes_a_second(client: Client, link: Link) -> None:
    await link.become(Conditions(bytes_per_second=100_000))
    clock = asyncio.get_running_loop().time
    began = clock()
    assert len(await client.call(b"x" * 30_000)) == 30_000
    assert clock() - began >= 0.3


async def test_a_dripping_link_tears_messages_into_pieces(client: Client, link: Link, echo: Echo) -> None:
    await link.become(Conditions(piece_bytes=7))
    assert await client.call(b"y" * 700) == b"y" * 700
    assert len(echo.pieces) > 1
    await link.become(Conditions())
    assert await client.call(b"z" * 700) == b"z" * 700


async def test_a_cut_link_ends_connections_and_lets_none_in_until_it_is_mended(
    client: Client, link: Link, entrance: int
) -> None:
    assert await client.call(b"before") == b"before"
    await link.become(Conditions(cut=True))
    assert await asyncio.wait_for(client.reader.read(), 10) == b""
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(_HOST, entrance)
    await link.become(Conditions())
    reader, writer = await asyncio.open_connection(_HOST, entrance)
    assert await Client(reader, writer).call(b"after") == b"after"
    writer.close()


async def test_a_reset_breaks_connections_off_and_lets_new_ones_in(
    client: Client, link: Link, entrance: int
) -> None:
    assert await client.call(b"before") == b"before"
    await link.reset()
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(client.reader.read(), 10)
    reader, writer = await asyncio.open_connection(_HOST, entrance)
    assert await Client(reader, writer).call(b"after") == b"after"
    writer.close()


async def test_a_link_that_is_silent_downwards_takes_what_is_sent_and_answers_when_it_is_mended(
    client: Client, link: Link, echo: Echo
) -> None:
    await link.become(Conditions(silent=("down",)))
    client.writer.write(b"anybody?")
    await asyncio.wait_for(echo.got.wait(), 10)
    assert await client.hears_nothing()
    await link.become(Conditions())
    assert await client.hear(8) == b"anybody?"


async def test_a_link_that_is_silent_upwards_holds_what_is_sent_and_lets_answers_through(
    client: Client, link: Link, echo: Echo
) -> None:
    await link.become(Conditions(silent=("up",)))
    client.writer.write(b"anybody?")
    assert await client.hears_nothing()
    assert echo.pieces == []
    await link.become(Conditions())
    assert await client.hear(8) == b"anybody?"


async def test_who_connects_to_a_silent_link_waits_for_it(link: Link, entrance: int) -> None:
    await link.become(Conditions(silent=("up", "down")))
    reader, writer = await asyncio.open_connection(_HOST, entrance)
    late = Client(reader, writer)
    writer.write(b"late")
    assert await late.hears_nothing()
    await link.become(Conditions())
    assert await late.hear(4) == b"late"
    writer.close()


async def test_a_link_to_nobody_ends_the_connection(entrance: int) -> None:
    link = Link({entrance: free_port()})
    await link.open()
    try:
        reader, writer = await asyncio.open_connection(_HOST, entrance)
        assert await asyncio.wait_for(reader.read(), 10) == b""
        writer.close()
    finally:
        await link.close()
