"""The producer of Faust's transport on a real broker, whose topics grow and go."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import faust
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from faust.exceptions import ProducerSendError
from faust.types.transports import ProducerT

from operations.local.kafka import Kafka


@pytest.fixture
async def admin(kafka: Kafka) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    await admin.start()
    yield admin
    await admin.close()


@pytest.fixture
async def topic(admin: AIOKafkaAdminClient) -> str:
    """A topic of one partition."""
    name = f"t{uuid.uuid4().hex[:10]}"
    await admin.create_topics([NewTopic(name, 1, 1)])
    return name


@pytest.fixture
async def producer(kafka: Kafka, tmp_path: Path) -> AsyncIterator[ProducerT]:
    app = faust.App(
        "growing", broker=f"batch://{kafka.bootstrap_servers}", datadir=tmp_path, producer_request_timeout=5.0
    )
    producer = app.producer
    await producer.start()
    yield producer
    await producer.stop()


async def _send(producer: ProducerT, topic: str, partition: int) -> int:
    metadata: Any = await producer.send_and_wait(topic, b"key", b"value", partition, None, None)
    return cast(int, metadata.partition)


async def test_a_partition_that_was_added_after_the_producer_had_looked_is_written_to(
    producer: ProducerT, admin: AIOKafkaAdminClient, topic: str
) -> None:
    assert await _send(producer, topic, 0) == 0
    await admin.create_partitions({topic: NewPartitions(3)})
    assert [*await asyncio.gather(_send(producer, topic, 2), _send(producer, topic, 1))] == [2, 1]


async def test_a_partition_that_is_added_while_somebody_writes_to_it_is_waited_for(
    producer: ProducerT, admin: AIOKafkaAdminClient, topic: str
) -> None:
    await _send(producer, topic, 0)
    sent = asyncio.create_task(_send(producer, topic, 1))
    await asyncio.wait([sent], timeout=0.5)
    assert not sent.done()
    await admin.create_partitions({topic: NewPartitions(2)})
    assert await sent == 1


async def test_a_topic_that_is_made_anew_larger_is_written_to(
    producer: ProducerT, admin: AIOKafkaAdminClient, topic: str
) -> None:
    await _send(producer, topic, 0)
    await admin.delete_topics([topic])
    while topic in await admin.list_topics():
        await asyncio.sleep(0.02)
    await admin.create_topics([NewTopic(topic, 4, 1)])
    assert await _send(producer, topic, 3) == 3


async def test_a_partition_that_never_comes_is_an_error_of_kafka_s(producer: ProducerT, topic: str) -> None:
    await _send(producer, topic, 0)
    with pytest.raises(ProducerSendError, match="has no partition 7"):
        await _send(producer, topic, 7)
