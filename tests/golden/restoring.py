"""Puts a golden file back into empty stores, as if the version that wrote it had just been stopped."""

import asyncio
import json
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from bson.json_util import CANONICAL_JSON_OPTIONS, loads
from pymongo import MongoClient
from redis import Redis

from tests.golden.snapshot import Snapshot
from weather_tweets.settings import MongoSettings

KAFKA_PROPERTIES = {"log.retention.ms": "-1"}
"""Of the broker: what is restored is older than what a broker keeps by default."""


def restore(snapshot: Snapshot, *, kafka: str, mongo: str, redis: str) -> None:
    """Into a broker without topics, an empty Redis, and the usual database of MongoDB, which is dropped."""
    asyncio.run(_topics(snapshot, kafka))
    settings = MongoSettings()
    documents = loads(json.dumps(snapshot.documents), json_options=CANONICAL_JSON_OPTIONS)
    with MongoClient[dict[str, Any]](mongo) as client:
        client.drop_database(settings.database)
        client[settings.database][settings.collection].insert_many(documents)
    with Redis.from_url(redis) as client_of_redis:
        for key, fields in snapshot.hashes.items():
            client_of_redis.hset(key, mapping=fields)
        for key, entries in snapshot.streams.items():
            for id_, entry in entries:
                client_of_redis.xadd(key, {**entry}, id=id_)


async def _topics(snapshot: Snapshot, kafka: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, len(of), 1) for name, of in snapshot.topics.items()])
    finally:
        await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=kafka, acks="all") as producer:
        for topic, partitions in snapshot.topics.items():
            for number, records in enumerate(partitions):
                for record in records:
                    await producer.send_and_wait(
                        topic, record.value, record.key, number, record.timestamp_ms, record.headers
                    )
