"""Reads from a running stack what it left in its stores."""

import asyncio
import json
import urllib.request
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from bson.json_util import CANONICAL_JSON_OPTIONS, dumps
from pymongo import MongoClient
from redis import Redis

from tests.golden.snapshot import Record, Snapshot, this_version
from tests.running_stack import RunningStack
from tests.topics import read_to_end
from weather_tweets.settings import MongoSettings


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
    finally:
        await admin.close()
    return {
        name: [
            [Record(record.timestamp, record.key, record.value, list(record.headers)) for record in records]
            for records in await read_to_end(kafka, name)
        ]
        for name in names
    }


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
