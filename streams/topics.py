"""The topics that must be there before Faust subscribes, with as many partitions as one another."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.errors import (
    InvalidPartitionsError,
    KafkaError,
    TopicAlreadyExistsError,
    UnknownTopicOrPartitionError,
    for_code,
)
from mode import Service

from streams.topic_identity import Topic, Topics
from weather_tweets.kafka import ADMIN_TIMEOUT_MS, TOPIC_CONFIG, client_options, ensure_topics
from weather_tweets.settings import KafkaSettings

Result = TypeVar("Result")
_log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0

# Every batch writes its partition's whole tally, some kilobytes. Kafka compacts closed segments only, which
# by default last a week or a gigabyte, and all of that would be read by whoever takes a partition over.
CHANGELOG_CONFIG = TOPIC_CONFIG | {
    "cleanup.policy": "compact",
    "segment.bytes": str(2**20),  # the least that Kafka takes (KIP-1161)
    "segment.ms": "60000",
    "min.cleanable.dirty.ratio": "0.01",
    "delete.retention.ms": "60000",
}


class TopicsReady(Service):
    """Waits, when it is started, until Kafka is there and has the topics.

    Then calls `found` with the topic as it is. The table's changelog is made with as many partitions, whoever
    made the topic and whatever our settings say; Faust demands it.
    """

    def __init__(
        self, settings: KafkaSettings, changelog: str, topics: Topics, found: Callable[[Topic], None]
    ) -> None:
        super().__init__()
        self._settings = settings
        self._changelog = changelog
        self._topics = topics
        self._found = found

    async def on_start(self) -> None:
        self._found(await until_it_is_there(self._ensure))

    async def _ensure(self) -> Topic:
        await ensure_topics(self._settings)
        partitions = await ensure_changelog(self._settings, self._changelog)
        name = self._settings.topic
        topic = (await self._topics.describe([name])).get(name)
        if topic is None or topic.partitions != partitions:
            raise UnknownTopicOrPartitionError(f"the topic {name} is changing")
        return topic


async def until_it_is_there(attempt: Callable[[], Awaitable[Result]]) -> Result:
    """The result of the first attempt that Kafka does not fail."""
    pause = FIRST_PAUSE_SECONDS
    while True:
        try:
            return await attempt()
        except (KafkaError, OSError) as error:
            _log.warning("Kafka is not ready, trying again in %.1f s: %s", pause, error or repr(error))
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


async def ensure_changelog(settings: KafkaSettings, changelog: str) -> int:
    """Gives the changelog topic as many partitions as the topic has, and makes it if need be; their number.

    A topic that was made anew with fewer partitions than the changelog has tallies for is given as many: what
    was counted of the others would be in nobody's hands. Raises `KafkaError`.
    """
    admin = AIOKafkaAdminClient(**client_options(settings), request_timeout_ms=ADMIN_TIMEOUT_MS)
    await admin.start()
    try:
        wanted = await _partitions(admin, settings.topic)
        # Only a topic that exists is described: some brokers make a topic that they are asked about.
        if changelog not in await admin.list_topics():
            await _create_compacted(admin, changelog, wanted, settings.replication_factor)
            return wanted
        present = await _partitions(admin, changelog)
        if present < wanted:
            await _grow(admin, changelog, wanted)
        elif present > wanted:
            _log.warning("the topic %s gets %d partitions: so many were counted", settings.topic, present)
            await _grow(admin, settings.topic, present)
        return max(present, wanted)
    finally:
        await admin.close()


async def _grow(admin: AIOKafkaAdminClient, topic: str, partitions: int) -> None:
    reply = await admin.create_partitions({topic: NewPartitions(partitions)})
    for name, code, message in reply.topic_errors:
        # Another worker may have been quicker.
        if code and for_code(code) is not InvalidPartitionsError:
            raise for_code(code)(f"topic {name}: {message}")


async def _partitions(admin: AIOKafkaAdminClient, topic: str) -> int:
    (description,) = await admin.describe_topics([topic])
    if description["error_code"]:
        # A topic that has just been made is not known everywhere at once.
        raise for_code(description["error_code"])(f"topic {topic}")
    return len(description["partitions"])


async def _create_compacted(
    admin: AIOKafkaAdminClient, name: str, partitions: int, replication_factor: int
) -> None:
    reply = await admin.create_topics(
        [NewTopic(name, partitions, replication_factor, topic_configs=CHANGELOG_CONFIG)]
    )
    for _, code, *message in reply.topic_errors:
        error = for_code(code)
        # Another worker may have been quicker.
        if code and error is not TopicAlreadyExistsError:
            raise error(f"topic {name}: {message}")
