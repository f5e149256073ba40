"""A worker that is well says nothing above INFO."""

import asyncio
import uuid

from aiokafka import AIOKafkaProducer

from tests.streams.cluster import Cluster, Worker
from weather_tweets.tweet import Tweet, encode

_ROUNDS_SECONDS = 9.0
"""Three rounds of Faust's search for stuck partitions, which is made after every 2.5 commits."""


def _complaints(worker: Worker) -> list[str]:
    lines = worker.log_file.read_text().splitlines()
    return [line for line in lines if any(level in line for level in ("WARNING", "ERROR", "CRITICAL"))]


async def _take_time_over_a_transaction(cluster: Cluster, tweet: Tweet) -> None:
    async with (
        AIOKafkaProducer(
            bootstrap_servers=cluster.settings.bootstrap_servers, transactional_id=str(uuid.uuid4())
        ) as producer,
        producer.transaction(),
    ):
        await producer.send_and_wait(cluster.settings.topic, encode(tweet), partition=1)
        await asyncio.sleep(_ROUNDS_SECONDS)


def test_a_worker_whose_partition_has_nothing_to_read_yet_does_not_complain(cluster: Cluster) -> None:
    """The log's end is beyond what can be read, and nothing was read since the worker started."""
    # Faust's patience, which is five minutes, cut to a second.
    worker = cluster.start(STREAM_PROCESSING_TIMEOUT="1", BROKER_COMMIT_LIVELOCK_SOFT_TIMEOUT="1")
    worker.wait_ready()
    before = _complaints(worker)
    tweet = Tweet(str(uuid.uuid4()), "Llueve", "México", "MX", 1)
    asyncio.run(_take_time_over_a_transaction(cluster, tweet))
    assert cluster.wait_settled(worker)["messages"] == 1
    assert _complaints(worker) == before
