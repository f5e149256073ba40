from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any
from uuid import uuid4

import grpc
import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord
from prometheus_client import CollectorRegistry

from grpc_producer.server import SERVICE, ProducerServer
from protos import tweets_pb2_grpc
from tests.grpc_producer.clients import Client
from weather_tweets.local.kafka import Kafka
from weather_tweets.settings import KafkaSettings, ProducerSettings

Start = Callable[..., Awaitable[Client]]
Stored = Callable[[], Awaitable[list[ConsumerRecord]]]


@pytest.fixture
def kafka_settings(kafka: Kafka) -> KafkaSettings:
    """The session's broker, with topics of this test alone."""
    topic = f"messages-{uuid4().hex[:8]}"
    return KafkaSettings(
        bootstrap_servers=kafka.bootstrap_servers, topic=topic, dead_topic=f"{topic}.dead", partitions=3
    )


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

    async def read() -> list[ConsumerRecord]:
        consumer = AIOKafkaConsumer(bootstrap_servers=kafka_settings.bootstrap_servers)
        await consumer.start()
        try:
            partitions = [
                TopicPartition(kafka_settings.topic, number) for number in range(kafka_settings.partitions)
            ]
            consumer.assign(partitions)
            await consumer.seek_to_beginning()
            ends = await consumer.end_offsets(partitions)
            records: list[ConsumerRecord] = []
            while len(records) < sum(ends.values()):
                for fetched in (await consumer.getmany(timeout_ms=1000)).values():
                    records += fetched
            return records
        finally:
            await consumer.stop()

    return read
