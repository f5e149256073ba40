"""Which broker leads how many partitions, and how many of its replicas are in sync."""

import msgspec
from aiokafka.admin import AIOKafkaAdminClient

from weather_tweets.kafka import client_options
from weather_tweets.settings import KafkaSettings


class Replicas(msgspec.Struct):
    """Of one broker, over the partitions that the asker may see."""

    leads: int = 0
    replicas: int = 0
    in_sync: int = 0


async def by_broker(settings: KafkaSettings) -> dict[int, Replicas]:
    """By the broker's number. Raises `KafkaError` or `OSError` when no broker answers."""
    admin = AIOKafkaAdminClient(**client_options(settings))
    try:
        await admin.start()
        topics = await admin.describe_topics()
    finally:
        await admin.close()
    found: dict[int, Replicas] = {}
    for topic in topics:
        for partition in topic["partitions"]:
            for broker in partition["replicas"]:
                one = found.setdefault(broker, Replicas())
                one.replicas += 1
                one.leads += partition["leader"] == broker
                one.in_sync += broker in partition["isr"]
    return dict(sorted(found.items()))


async def all_in_sync(settings: KafkaSettings) -> bool:
    """Whether every replica has all that its leader has; only then may the next broker go."""
    return all(one.in_sync == one.replicas for one in (await by_broker(settings)).values())
