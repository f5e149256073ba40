"""Topics of one test alone, and what is in them."""

from uuid import uuid4

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from operations.local.kafka import Kafka
from weather_tweets.settings import KafkaSettings


def own_topics(kafka: Kafka) -> KafkaSettings:
    """Settings for the broker, with topics that nobody else uses."""
    topic = f"messages-{uuid4().hex[:8]}"
    return KafkaSettings(
        bootstrap_servers=kafka.bootstrap_servers, topic=topic, dead_topic=f"{topic}.dead", partitions=3
    )


async def records(settings: KafkaSettings) -> list[ConsumerRecord]:
    """All that the topic has now."""
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.bootstrap_servers)
    await consumer.start()
    try:
        partitions = [TopicPartition(settings.topic, number) for number in range(settings.partitions)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning()
        ends = await consumer.end_offsets(partitions)
        found: list[ConsumerRecord] = []
        while len(found) < sum(ends.values()):
            for fetched in (await consumer.getmany(timeout_ms=1000)).values():
                found += fetched
        return found
    finally:
        await consumer.stop()
