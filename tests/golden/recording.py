"""Reads from a running stack what it left in its stores."""

import asyncio
import json
import urllib.request
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from bson.json_util import CANONICAL_JSON_OPTIONS, dumps
from pymongo import MongoClient
from redis import Redis

from tests.golden.snapshot import Record, Snapshot, this_version
from tests.running_stack import RunningStack
from weather_tweets.settings import MongoSettings

_READ_MS = 2000


def record(stack: RunningStack) -> Snapshot:
    """Of a stack that has settled."""
    endpoints = stack.endpoints
    hashes, streams = _redis(endpoints.redis)
    with urllib.request.urlopen(endpoints.stats[0], timeout=30) as reply:  # noqa: S310
        stats = json.load(reply)
    return Snapshot(
        version=this_version(),
        topics=asyncio.run(_topics(endpoints.kafka)),
        documents=_documents(endpoints.mongo),
        hashes=hashes,
        streams=streams,
        counts={name: stats[name] for name in ("messages", "dead", "repeats", "countries")},
    )


async def _topics(kafka: str) -> dict[str, list[list[Record]]]:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        names = sorted(name for name in await admin.list_topics() if not name.startswith("__"))
        described = await admin.describe_topics(names)
    finally:
        await admin.close()
    return {
        topic["topic"]: [
            await _partition(kafka, TopicPartition(topic["topic"], number))
            for number in range(len(topic["partitions"]))
        ]
        for topic in described
    }


async def _partition(kafka: str, partition: TopicPartition) -> list[Record]:
    records: list[Record] = []
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign([partition])
        await consumer.seek_to_beginning(partition)
        end = (await consumer.end_offsets([partition]))[partition]
        while await consumer.position(partition) < end:
            for fetched in (await consumer.getmany(partition, timeout_ms=_READ_MS)).values():
                records += [Record(r.timestamp, r.key, r.value, list(r.headers)) for r in fetched]
    finally:
        await consumer.stop()
    return records


def _documents(mongo: str) -> list[dict[str, Any]]:
    settings = MongoSettings()
    with MongoClient[dict[str, Any]](mongo) as client:
        documents = client[settings.database][settings.collection].find().sort("_id")
        read: list[dict[str, Any]] = json.loads(dumps(documents, json_options=CANONICAL_JSON_OPTIONS))
        return read


def _redis(url: str) -> tuple[dict[str, dict[str, str]], dict[str, list[tuple[str, dict[str, str]]]]]:
    """Hashes and streams; the writers' own numbers (strings) are of use to their processes only."""
    with Redis.from_url(url, decode_responses=True) as redis:
        keys = sorted(redis.scan_iter("*"))
        kinds = {key: redis.type(key) for key in keys}
        hashes = {key: redis.hgetall(key) for key in keys if kinds[key] == "hash"}
        streams = {key: redis.xrange(key) for key in keys if kinds[key] == "stream"}
    return hashes, streams
