"""The connection to Kafka ends when it is told to, whatever a library does with that."""

import asyncio
from contextlib import suppress
from types import SimpleNamespace
from unittest.mock import AsyncMock, Mock

import pytest

from grpc_producer.connection import Connection
from weather_tweets.settings import KafkaSettings, ProducerSettings


@pytest.mark.parametrize("swallowed", [True, False], ids=["swallowed by a library", "with the answer"])
async def test_a_cancellation_ends_it_whenever_it_comes(swallowed: bool) -> None:
    """`asyncio.wait_for` of Python 3.11 loses one that comes in the same moment as the answer."""
    running: asyncio.Task[None]

    async def answer() -> bool:
        asyncio.get_running_loop().call_soon(running.cancel)
        if swallowed:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(1)
        return True

    producer = SimpleNamespace(
        partitions_for=AsyncMock(return_value=[0]),
        client=SimpleNamespace(
            force_metadata_update=answer, close=AsyncMock(), cluster=SimpleNamespace(_partitions={})
        ),
        stop=AsyncMock(),
        _sender=SimpleNamespace(sender_task=None),
    )
    publisher = Mock()
    publisher.attach.return_value = asyncio.get_running_loop().create_future()
    publisher.oldest_seconds.return_value = 0.0
    connection = Connection(KafkaSettings(), ProducerSettings(), publisher, AsyncMock())
    connection._connected = AsyncMock(return_value=producer)  # type: ignore[method-assign]
    running = asyncio.create_task(connection.run())
    await asyncio.wait([running], timeout=5)
    assert running.cancelled()
    producer.stop.assert_awaited()
