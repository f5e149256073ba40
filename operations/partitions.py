"""More partitions for the topic of tweets, while everything runs: the producer and the workers notice."""

import time
from collections.abc import Sequence

import msgspec
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions
from aiokafka.errors import for_code

from weather_tweets import nearby
from weather_tweets.kafka import client_options
from weather_tweets.settings import KafkaSettings

_POLL_SECONDS = 0.5
_ANSWER_SECONDS = 5.0


class CannotShrinkError(ValueError):
    """Kafka has no way to take partitions away."""


async def grow(settings: KafkaSettings, partitions: int) -> int:
    """Gives the topic of tweets this many partitions; returns how many it had.

    Raises `CannotShrinkError`, and `aiokafka.errors.KafkaError` when Kafka is away or refuses.
    """
    admin = AIOKafkaAdminClient(**client_options(settings))
    await admin.start()
    try:
        (description,) = await admin.describe_topics([settings.topic])
        if description["error_code"]:
            raise for_code(description["error_code"])(f"topic {settings.topic}")
        before = len(description["partitions"])
        if partitions < before:
            raise CannotShrinkError(
                f"the topic {settings.topic} has {before} partitions, and Kafka cannot take any away"
            )
        if partitions > before:
            reply = await admin.create_partitions({settings.topic: NewPartitions(partitions)})
            for _, code, message in reply.topic_errors:
                if code:
                    raise for_code(code)(message)
        return before
    finally:
        await admin.close()


def until_read(stats_urls: Sequence[str], partitions: int, *, timeout_seconds: float) -> None:
    """Returns when the workers read all of them. Raises `TimeoutError`."""
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        for url in stats_urls:
            try:
                stats = msgspec.json.decode(nearby.get(url, timeout_seconds=_ANSWER_SECONDS))
            except (OSError, msgspec.DecodeError):
                # Also while they start again, and while not all of them are read.
                continue
            if len(stats["partitions"]) == partitions:
                return
        time.sleep(_POLL_SECONDS)
    raise TimeoutError(f"the workers do not read all {partitions} partitions after {timeout_seconds:.0f} s")
