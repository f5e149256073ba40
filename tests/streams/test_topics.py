import asyncio
import uuid
from functools import partial

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaConnectionError

from operations.local.kafka import Kafka
from streams import topics
from streams.topics import ensure_changelog, until_it_is_there
from weather_tweets.kafka import ensure_topics
from weather_tweets.settings import KafkaSettings


@pytest.fixture
def settings(kafka: Kafka) -> KafkaSettings:
    name = f"t{uuid.uuid4().hex[:10]}"
    return KafkaSettings(
        bootstrap_servers=kafka.bootstrap_servers, topic=name, dead_topic=f"{name}.dead", partitions=3
    )


async def _partitions(admin: AIOKafkaAdminClient, topic: str) -> int:
    (description,) = await admin.describe_topics([topic])
    return len(description["partitions"])


async def test_the_changelog_is_compacted_and_has_as_many_partitions_as_the_topic_whoever_made_it(
    settings: KafkaSettings,
) -> None:
    changelog = f"{settings.topic}-changelog"
    await ensure_topics(settings)
    # Our settings are not what the topic was made with.
    other = settings.model_copy(update={"partitions": 9})
    attempt = partial(ensure_changelog, other, changelog)
    assert await asyncio.gather(*(until_it_is_there(attempt) for _ in range(3))) == [3, 3, 3]
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap_servers)
    await admin.start()
    try:
        while await _partitions(admin, changelog) != 3:
            await asyncio.sleep(0.05)
        reply = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, changelog)])
        config = {entry[0]: entry[1] for resource in reply[0].resources for entry in resource[4]}
        assert config["cleanup.policy"] == "compact"
        await admin.create_partitions({settings.topic: NewPartitions(5)})
        while await _partitions(admin, settings.topic) != 5:
            await asyncio.sleep(0.05)
        assert await ensure_changelog(settings, changelog) == 5
        while await _partitions(admin, changelog) != 5:
            await asyncio.sleep(0.05)
    finally:
        await admin.close()


async def test_a_kafka_that_is_away_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(topics, "FIRST_PAUSE_SECONDS", 0.0)
    failures = [KafkaConnectionError("no broker"), OSError("no network")]

    async def attempt() -> int:
        if failures:
            raise failures.pop(0)
        return 6

    assert await until_it_is_there(attempt) == 6
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
    assert "no broker" in caplog.text
