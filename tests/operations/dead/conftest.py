import asyncio
import uuid
from collections.abc import Iterable

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.structs import ConsumerRecord

from operations.local.kafka import Kafka
from streams import dead_letter_headers
from streams.dead_letter_headers import Headers, Origin
from tests.topics import read_to_end
from weather_tweets.kafka import ensure_topics
from weather_tweets.settings import KafkaSettings


class Topics:
    """A topic and its dead letters, of the test's own."""

    def __init__(self, kafka: str) -> None:
        name = f"t{uuid.uuid4().hex[:12]}"
        self.settings = KafkaSettings(
            bootstrap_servers=kafka, topic=name, dead_topic=f"{name}.dead", partitions=2
        )
        asyncio.run(ensure_topics(self.settings))

    def origin(self, offset: int, reason: str = "not JSON: of old") -> Origin:
        return Origin(self.settings.topic, 1, offset, reason, "msgspec.DecodeError")

    def refuse(self, letters: Iterable[tuple[Origin, bytes]], headers: Headers | None = None) -> None:
        """Has a worker send letters."""
        self.write(
            (value, [*(headers or []), *dead_letter_headers.write(origin)]) for origin, value in letters
        )

    def write(self, records: Iterable[tuple[bytes, Headers]]) -> None:
        """Writes records into the topic of dead letters."""
        asyncio.run(self._write(list(records)))

    async def _write(self, records: list[tuple[bytes, Headers]]) -> None:
        async with AIOKafkaProducer(bootstrap_servers=self.settings.bootstrap_servers) as producer:
            for value, headers in records:
                await producer.send_and_wait(self.settings.dead_topic, value, key=b"key", headers=headers)

    def requeued(self) -> list[ConsumerRecord[bytes, bytes]]:
        """What is in the topic."""
        partitions = asyncio.run(read_to_end(self.settings.bootstrap_servers, self.settings.topic))
        return [record for records in partitions for record in records]


@pytest.fixture
def topics(kafka: Kafka) -> Topics:
    return Topics(kafka.bootstrap_servers)
