"""Takes the snapshot, recounts, reads MongoDB, and compares."""

import asyncio
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any, NamedTuple

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from pymongo import MongoClient
from pymongo.errors import PyMongoError
from redis import Redis
from redis.exceptions import RedisError

from operations.audit import STORE_SECONDS, Sources, StoreUnreachableError, cluster_stats
from operations.committed_log import StandstillError
from operations.deep_audit.comparison import Published, Snapshot, differences
from operations.deep_audit.documents import EXAMPLES, Matching, documents, match
from operations.deep_audit.hours import Hours, hours_of
from operations.deep_audit.recount import recount
from streams import retention
from streams.retention import Retired
from streams.tally import NOTHING_YET, life_of
from streams.topic_identity import Topics
from weather_tweets import redis_keys
from weather_tweets.kafka import client_options
from weather_tweets.settings import KafkaSettings, MongoSettings, RedisSettings

_COUNTRY = "country:"


class Progress(NamedTuple):
    """Who is told how far it is: how much there is, then how much more was done."""

    total: Callable[[str, int], None]
    advance: Callable[[str, int], None]


class PartitionRow(NamedTuple):
    partition: int
    beginning: int
    end: int
    messages: int
    dead: int
    repeats: int
    empty: int
    gone: int
    """Tweets in MongoDB whose records the topic no longer has."""
    missing: int
    """Records of which MongoDB has no tweet."""


class Findings(NamedTuple):
    partitions: list[PartitionRow]
    differences: list[str]

    @property
    def agree(self) -> bool:
        return not self.differences


def deep_audit(sources: Sources, progress: Progress) -> Findings:
    """Compares every record that the tables have counted; others may be on their way meanwhile.

    Raises `StoreUnreachableError`.
    """
    snapshot = _snapshot(sources)
    ends = snapshot.ends
    progress.total("Kafka", sum(ends.values()))
    progress.total("MongoDB", snapshot.stats["messages"])
    try:
        life = asyncio.run(_life(sources.kafka))
        while True:
            retired = retired_of(sources.mongo)
            hours = Hours(ends, life, hours_of(sources.mongo))
            recounts = asyncio.run(
                recount(
                    sources.kafka,
                    ends,
                    lambda more: progress.advance("Kafka", more),
                    retired=limits(retired, life),
                )
            )
            matching = match(
                recounts,
                hours.seen(documents(sources.mongo, lambda more: progress.advance("MongoDB", more))),
                earlier_lives=snapshot.stats["earlier"] > 0,
                life=life,
                retired=retired,
            )
            by_hour = hours.differences(sources.mongo, retired)
            if retired_of(sources.mongo) == retired:
                break
        ids = asyncio.run(_ids(sources.kafka, matching))
    except (KafkaError, StandstillError, OSError) as error:
        raise StoreUnreachableError(f"Kafka at {sources.kafka.bootstrap_servers}: {error!r}") from error
    except PyMongoError as error:
        raise StoreUnreachableError(f"MongoDB: {error}") from error
    return Findings(_rows(matching), [*differences(snapshot, matching, ids), *by_hour])


def retired_of(settings: MongoSettings) -> dict[int, Retired]:
    """By partition, what is kept no longer. Raises `PyMongoError`."""
    with MongoClient[dict[str, Any]](
        settings.url.get_secret_value(), serverSelectionTimeoutMS=int(STORE_SECONDS * 1000)
    ) as client:
        return retention.all_of(client[settings.database])


def limits(retired: Mapping[int, Retired], life: int) -> dict[int, tuple[int, int]]:
    """By partition the offset up to which, and the time before which, a life's tweets are kept no longer."""
    return {
        partition: (of.upto.get(life, NOTHING_YET), int(of.before.timestamp() * 1000))
        for partition, of in retired.items()
    }


async def _life(settings: KafkaSettings) -> int:
    """By which documents of the topic as it is now are known."""
    topics = Topics(settings)
    try:
        found = await topics.describe([settings.topic])
    finally:
        await topics.close()
    return life_of(found[settings.topic].id) if settings.topic in found else 0


def _rows(matching: Matching) -> list[PartitionRow]:
    return [
        PartitionRow(
            partition, matched.recount.beginning, matched.recount.end, matched.messages().total(),
            matched.dead, matched.repeats, matched.empty, matched.gone.total(), len(matched.missing),
        )
        for partition, matched in sorted(matching.partitions.items())
    ]  # fmt: skip


def _snapshot(sources: Sources) -> Snapshot:
    # Redis first: it is never ahead of the tables.
    published, by_name, totals = _published(sources.redis)
    return Snapshot(cluster_stats(sources.stats_urls), published, by_name, totals)


def _published(
    settings: RedisSettings,
) -> tuple[dict[int, Published], dict[str, int], dict[str, int]]:
    """By partition what its hash has, and the sums, all of one moment."""
    try:
        with Redis.from_url(
            settings.url.get_secret_value(), decode_responses=True, socket_timeout=STORE_SECONDS
        ) as client:
            keys = sorted(client.scan_iter(match=f"{redis_keys.TALLY}*"))
            pipeline = client.pipeline(transaction=True)
            for key in (redis_keys.COUNTRIES, redis_keys.TOTALS, *keys):
                pipeline.hgetall(key)
            by_name, totals, *tallies = pipeline.execute()
    except RedisError as error:
        raise StoreUnreachableError(f"Redis: {error}") from error
    return (
        {int(key[len(redis_keys.TALLY) :]): _of_hash(h) for key, h in zip(keys, tallies, strict=True) if h},
        _numbers(by_name),
        _numbers(totals),
    )


def _of_hash(fields: Mapping[str, str]) -> Published:
    _, offset, _ = fields["position"].split()
    by_name = {
        field[len(_COUNTRY) :]: int(count) for field, count in fields.items() if field.startswith(_COUNTRY)
    }
    return Published(int(offset), int(fields.get("messages", 0)), by_name)


def _numbers(fields: Mapping[str, str]) -> dict[str, int]:
    return {field: int(value) for field, value in fields.items()}


async def _ids(settings: KafkaSettings, matching: Matching) -> dict[tuple[int, int], str]:
    """The ids of some of the missing tweets of each partition, read from the topic again."""
    wanted = [
        (partition, offset)
        for partition, matched in matching.partitions.items()
        for offset in islice(matched.missing, EXAMPLES)
    ]
    if not wanted:
        return {}
    consumer = AIOKafkaConsumer(**client_options(settings), enable_auto_commit=False)
    await consumer.start()
    try:
        ids = {}
        for partition, offset in wanted:
            tp = TopicPartition(settings.topic, partition)
            consumer.assign([tp])
            consumer.seek(tp, offset)
            async with asyncio.timeout(STORE_SECONDS):
                record = await consumer.getone(tp)
            ids[partition, offset] = _id(record.value) if record.offset == offset else "(gone)"
        return ids
    finally:
        await consumer.stop()


def _id(value: bytes | None) -> str:
    fields: Any = msgspec.json.decode(value or b"null")
    return str(fields.get("id", "(none of its own)"))
