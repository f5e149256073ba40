"""What people do to topics: delete them, make them anew, grow them, cut them, write in transactions."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.structs import TopicPartition

from tests.streams.cluster import Cluster
from weather_tweets.tweet import Tweet, encode

Result = TypeVar("Result")


def _with_admin(cluster: Cluster, do: Callable[[AIOKafkaAdminClient], Awaitable[Result]]) -> Result:
    async def run() -> Result:
        admin = AIOKafkaAdminClient(bootstrap_servers=cluster.settings.bootstrap_servers)
        await admin.start()
        try:
            return await do(admin)
        finally:
            await admin.close()

    return asyncio.run(run())


def delete(cluster: Cluster, topic: str | None = None) -> None:
    """Deletes a topic (default: the tweets'); returns when it is gone."""
    name = topic or cluster.settings.topic

    async def do(admin: AIOKafkaAdminClient) -> None:
        await admin.delete_topics([name])
        while name in await admin.list_topics():
            await asyncio.sleep(0.02)

    _with_admin(cluster, do)


def create(cluster: Cluster, partitions: int = 3) -> None:
    """Makes the tweets' topic; returns when it is there."""
    name = cluster.settings.topic

    async def do(admin: AIOKafkaAdminClient) -> None:
        await admin.create_topics([NewTopic(name, partitions, 1)])
        await _until_it_has(admin, name, partitions)

    _with_admin(cluster, do)


def grow(cluster: Cluster, partitions: int) -> None:
    """Gives the tweets' topic this many partitions; returns when it has them."""
    name = cluster.settings.topic

    async def do(admin: AIOKafkaAdminClient) -> None:
        await admin.create_partitions({name: NewPartitions(partitions)})
        await _until_it_has(admin, name, partitions)

    _with_admin(cluster, do)


async def _until_it_has(admin: AIOKafkaAdminClient, name: str, partitions: int) -> None:
    while True:
        (description,) = await admin.describe_topics([name])
        if len([p for p in description["partitions"] if p["leader"] >= 0]) == partitions:
            return
        await asyncio.sleep(0.02)


def cut(cluster: Cluster, topic: str, before: dict[int, int]) -> None:
    """Deletes the records of partitions before an offset (-1: all there are), as retention would."""

    async def do(admin: AIOKafkaAdminClient) -> None:
        await admin.delete_records(
            {TopicPartition(topic, p): RecordsToDelete(offset) for p, offset in before.items()}
        )

    _with_admin(cluster, do)


def stop_compacting(cluster: Cluster, topic: str) -> None:
    """Has a compacted topic delete what is old instead; only then Kafka lets its records be deleted."""

    async def do(admin: AIOKafkaAdminClient) -> None:
        configs = {"cleanup.policy": "delete"}
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs)])

    _with_admin(cluster, do)


class Transactions:
    """A producer that writes in transactions."""

    def __init__(self, cluster: Cluster) -> None:
        self._topic = cluster.settings.topic
        self._partitions = cluster.settings.partitions
        self._producer = AIOKafkaProducer(
            bootstrap_servers=cluster.settings.bootstrap_servers, transactional_id=uuid.uuid4().hex
        )

    async def __aenter__(self) -> "Transactions":
        await self._producer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._producer.stop()

    async def begin(self, tweets: Sequence[Tweet], partition: int | None = None) -> None:
        """Begins a transaction, and writes these to one partition, or to all in turn."""
        await self._producer.begin_transaction()
        sent = [
            await self._producer.send(
                self._topic,
                encode(one),
                partition=number % self._partitions if partition is None else partition,
            )
            for number, one in enumerate(tweets)
        ]
        await asyncio.gather(*sent)

    async def commit(self) -> None:
        await self._producer.commit_transaction()

    async def abort(self) -> None:
        await self._producer.abort_transaction()
