from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import grpc
import pytest
import pytest_asyncio
from aiokafka.structs import ConsumerRecord
from prometheus_client import CollectorRegistry

from grpc_producer.server import SERVICE, ProducerServer
from operations.local.kafka import Kafka
from protos import tweets_pb2_grpc
from tests.grpc_producer.clients import Client
from tests.grpc_producer.topics import own_topics, records
from weather_tweets.settings import KafkaSettings, ProducerSettings

Start = Callable[..., Awaitable[Client]]
Stored = Callable[[], Awaitable[list[ConsumerRecord]]]


@pytest.fixture
def kafka_settings(kafka: Kafka) -> KafkaSettings:
    """The session's broker, with topics of this test alone."""
    return own_topics(kafka)


@pytest_asyncio.fixture
async def start(kafka_settings: KafkaSettings) -> AsyncIterator[Start]:
    """Starts a producer with settings of one's own, and connects to it."""
    async with AsyncExitStack() as stack:

        async def started(**changes: Any) -> Client:
            registry = CollectorRegistry()
            settings = ProducerSettings(**{"port": 0, "metrics_port": 0, "drain_seconds": 5.0, **changes})
            server = ProducerServer(kafka_settings, settings, registry)
            await server.start()
            stack.push_async_callback(server.drain)
            channel = grpc.aio.insecure_channel(f"127.0.0.1:{server.port}")
            await stack.enter_async_context(channel)
            return Client(server, channel, tweets_pb2_grpc.TweetPublisherStub(channel), registry)

        yield started


@pytest_asyncio.fixture
async def client(start: Start) -> Client:
    """A producer that serves."""
    client = await start()
    await client.wait_for_health(SERVICE, "SERVING")
    return client


@pytest.fixture
def stored(kafka_settings: KafkaSettings) -> Stored:
    """Reads all that Kafka has of this test's topic."""

    return partial(records, kafka_settings)
