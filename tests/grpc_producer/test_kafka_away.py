"""Kafka stops and comes back: whoever asks is told so, and the producer goes on by itself."""

import asyncio
import itertools
from collections.abc import Iterator

import grpc
import pytest
from aiokafka.admin import AIOKafkaAdminClient

from grpc_producer.server import SERVICE
from operations.local.kafka import Kafka
from protos import tweets_pb2
from tests.grpc_producer.clients import DEADLINE_SECONDS, Client
from tests.grpc_producer.conftest import Start, Stored
from tests.grpc_producer.tweets import batch, tweet
from weather_tweets.settings import KafkaSettings


@pytest.fixture(autouse=True)
def brought_back(kafka: Kafka) -> Iterator[None]:
    yield
    if kafka.pid is None:
        kafka.start()


async def _publish(client: Client) -> str | None:
    """The id of a tweet that was published, None if Kafka is away."""
    try:
        return (await client.stub.Publish(tweet(), timeout=DEADLINE_SECONDS)).id
    except grpc.aio.AioRpcError as error:
        if error.code() is not grpc.StatusCode.UNAVAILABLE:
            raise
        return None


class Load:
    """A client that goes on publishing, and keeps the ids of what was acknowledged."""

    def __init__(self, client: Client) -> None:
        self.acknowledged: set[str] = set()
        self._task = asyncio.create_task(self._publish(client))
        self._running = True

    async def wait_for_progress(self) -> None:
        before = len(self.acknowledged)
        async with asyncio.timeout(DEADLINE_SECONDS):
            while len(self.acknowledged) < before + 200:
                await asyncio.sleep(0.05)

    async def stop(self) -> None:
        self._running = False
        await self._task

    async def _publish(self, client: Client) -> None:
        call = client.stub.PublishBatches()
        for sequence in itertools.count():
            if not self._running:
                break
            tweets = [tweet() for _ in range(20)]
            await call.write(batch(sequence, *tweets))
            reply = await call.read()
            assert isinstance(reply, tweets_pb2.BatchReply)
            rejected = {rejection.index for rejection in reply.rejections}
            assert {rejection.reason for rejection in reply.rejections} <= {tweets_pb2.REASON_UNAVAILABLE}
            self.acknowledged.update(each.id for index, each in enumerate(tweets) if index not in rejected)
            if rejected:
                await asyncio.sleep(0.05)
        call.cancel()


async def test_kafka_dies_under_load_and_comes_back(
    client: Client, start: Start, kafka: Kafka, stored: Stored
) -> None:
    load = Load(client)
    await load.wait_for_progress()
    kafka.kill()
    assert await _publish(client) is None
    await client.wait_for_health("", "NOT_SERVING")
    (reply,) = await client.exchange(batch(1, tweet(), tweet(id="bad")))
    assert {rejection.index: rejection.reason for rejection in reply.rejections} == {
        0: tweets_pb2.REASON_UNAVAILABLE,
        1: tweets_pb2.REASON_INVALID,
    }
    # One that starts without Kafka waits for it.
    late = await start()
    assert await late.health() == await late.health(SERVICE) == "NOT_SERVING"
    assert await _publish(late) is None

    await asyncio.to_thread(kafka.start)
    await client.wait_for_health(SERVICE, "SERVING")
    await load.wait_for_progress()
    await late.wait_for_health(SERVICE, "SERVING")
    assert await _publish(late)
    await load.stop()
    keys = [record.key.decode() for record in await stored()]
    assert load.acknowledged <= set(keys)
    assert len(keys) == len(set(keys))


async def test_a_topic_that_is_deleted_is_made_again(client: Client, kafka_settings: KafkaSettings) -> None:
    assert await _publish(client)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_settings.bootstrap_servers)
    await admin.start()
    await admin.delete_topics([kafka_settings.topic])
    await admin.close()
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not await _publish(client):
            await asyncio.sleep(0.1)
