"""Has the workers count anew: they begin with empty tallies, and go through the log with MongoDB's answers.

What the log no longer has counts as MongoDB has it (`streams.processing`); where tweets are kept no longer
(`streams.retention`), they begin with the tally that had counted these. A tally that nothing would ever be
delivered for, because its partition is empty since the topic was made anew, begins with what MongoDB has of
the topic's earlier lives.
"""

import asyncio
import time

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import UnknownTopicOrPartitionError

from operations import committed_log, tallies
from streams.tally import Tally, life_of
from streams.topic_identity import Topics
from streams.tweet_store import TweetStore
from weather_tweets.kafka import client_options
from weather_tweets.settings import KafkaSettings, MongoSettings, StreamsSettings

_GONE_SECONDS = 60.0
"""How long workers may take to be given up by Kafka after they were killed: their session's time-out."""
_POLL_SECONDS = 0.5


class WorkersRunError(RuntimeError):
    """Workers hold the tables in memory, and would write them again."""


async def forget(kafka: KafkaSettings, mongo: MongoSettings, *, wait_seconds: float = 0.0) -> None:
    """Replaces the tallies by beginnings.

    Raises `WorkersRunError` if some worker is still there after `wait_seconds`, `KafkaError`, `PyMongoError`.
    """
    await _without_workers(kafka, wait_seconds)
    topics = Topics(kafka)
    try:
        topic = (await topics.describe([kafka.topic])).get(kafka.topic)
    finally:
        await topics.close()
    if topic is None:
        raise UnknownTopicOrPartitionError(f"topic {kafka.topic}")
    store = TweetStore.connect(mongo)
    try:
        beginnings: dict[int, Tally | None] = {}
        for partition in await committed_log.extents(kafka, tallies.changelog()):
            beginning = await store.checkpoint(partition) or Tally()
            if topic.id and beginning.topic_id != topic.id:
                stored = await store.stored_in_other_lives(partition, life_of(topic.id))
                if stored:
                    beginning = beginning.made_anew(topic.id, end=0).with_late(stored)
            beginnings[partition] = beginning if beginning.accounted else None
    finally:
        await store.close()
    await tallies.replace(kafka, beginnings)


async def _without_workers(kafka: KafkaSettings, wait_seconds: float) -> None:
    deadline = time.monotonic() + wait_seconds
    admin = AIOKafkaAdminClient(**client_options(kafka))
    await admin.start()
    try:
        group = StreamsSettings().app_id
        while members := await _members(admin, group):
            if time.monotonic() >= deadline:
                raise WorkersRunError(
                    f"{members} stream workers of {group} run: stop them first, and start them afterwards"
                )
            await asyncio.sleep(_POLL_SECONDS)
    finally:
        await admin.close()


async def _members(admin: AIOKafkaAdminClient, group: str) -> int:
    count = 0
    for response in await admin.describe_consumer_groups([group]):
        for _, _, _, _, _, members, *_ in response.groups:
            count += len(members)
    return count
