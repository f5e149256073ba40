"""Which brokers a new client begins with."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from operations.local.kafka import Kafka
from operations.local.ports import free_port
from weather_tweets.kafka import that_answer
from weather_tweets.settings import KafkaSettings


@pytest.fixture
async def frozen() -> AsyncIterator[str]:
    """A port that lets everybody in, as the kernel does for a stopped process, and never answers."""
    writers = []

    def enter(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)

    port = free_port()
    server = await asyncio.start_server(enter, "127.0.0.1", port)
    yield f"127.0.0.1:{port}"
    server.close()
    for writer in writers:
        writer.close()


async def test_a_broker_that_stands_still_is_left_out(kafka: Kafka, frozen: str) -> None:
    settings = KafkaSettings(bootstrap_servers=f"{frozen},{kafka.bootstrap_servers}")
    assert (await that_answer(settings)).bootstrap_servers == kafka.bootstrap_servers


async def test_where_none_answers_all_are_tried(frozen: str) -> None:
    settings = KafkaSettings(bootstrap_servers=f"{frozen},127.0.0.1:{free_port()}")
    found = await that_answer(settings, patience_seconds=0.1)
    assert found.bootstrap_servers == settings.bootstrap_servers


async def test_a_single_one_is_not_asked() -> None:
    settings = KafkaSettings(bootstrap_servers=f"127.0.0.1:{free_port()}")
    assert await that_answer(settings) is settings
