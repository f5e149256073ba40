"""What operators do to the topic of tweets."""

import time

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from operations import partitions
from operations.chaos.field import Field
from operations.chaos.schedule import Fault
from weather_tweets.kafka import TOPIC_CONFIG, client_options
from weather_tweets.settings import KafkaSettings


async def strike(field: Field, fault: Fault) -> tuple[str, float]:
    """Returns when Kafka has the topic as it is to be; the workers may not have noticed."""
    topic = field.kafka.topic
    if fault.kind == "grow":
        moment = time.monotonic()
        more = await _count(field.kafka) + 1
        await partitions.grow(field.kafka, more)
        return f"{topic} to {more} partitions", moment
    # What was acknowledged and is not counted yet would be lost by whoever deletes the topic, and nobody
    # promised otherwise: the load waits until there is nothing of the kind.
    async with field.client.held():
        await field.all_counted()
        moment = time.monotonic()
        field.made_anew()
        await _make_anew(field.kafka)
    return topic, moment


async def _count(settings: KafkaSettings) -> int:
    admin = AIOKafkaAdminClient(**client_options(settings))
    await admin.start()
    try:
        (description,) = await admin.describe_topics([settings.topic])
        return len(description["partitions"])
    finally:
        await admin.close()


async def _make_anew(settings: KafkaSettings) -> None:
    count = await _count(settings)
    admin = AIOKafkaAdminClient(**client_options(settings))
    await admin.start()
    try:
        deleted = await admin.delete_topics([settings.topic])
        for _, code in deleted.topic_error_codes:
            if code:
                raise for_code(code)(f"topic {settings.topic}")
        created = await admin.create_topics(
            [NewTopic(settings.topic, count, settings.replication_factor, topic_configs=TOPIC_CONFIG)]
        )
        for _, code, *message in created.topic_errors:
            # The producer makes it where it is missing, and may have been quicker.
            if code and for_code(code) is not TopicAlreadyExistsError:
                raise for_code(code)(f"topic {settings.topic}: {message}")
    finally:
        await admin.close()
