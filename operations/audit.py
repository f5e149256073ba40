"""Do all stores agree? Each offset of Kafka is in one count, and the messages are in every store.

end offsets + earlier lives = messages + dead + repeats + empty + lost + not counted yet
messages = MongoDB = Redis = Σ countries = tables
"""

import asyncio
import time
from typing import Any, NamedTuple

import msgspec
from aiokafka.errors import KafkaError
from pymongo import MongoClient
from pymongo.errors import PyMongoError
from redis import Redis
from redis.exceptions import RedisError

from weather_tweets import nearby, redis_keys
from weather_tweets.kafka import end_offsets
from weather_tweets.settings import KafkaSettings, MongoSettings, RedisSettings

STORE_SECONDS = 5.0
"""How long one store may take to be reached, or to answer."""

# A batch is in the tables a moment before it is in Redis.
_SETTLE_SECONDS = 2.0
_POLL_SECONDS = 0.2
_SHOWN_COUNTRIES = 5


class StoreUnreachableError(RuntimeError):
    """A store did not answer; the message says which and why."""


class Sources(NamedTuple):
    """Where the counts are asked for."""

    kafka: KafkaSettings
    redis: RedisSettings
    mongo: MongoSettings
    stats_urls: list[str]
    """`/stats` of the stream workers; any that answers will do."""


class Counts(msgspec.Struct, frozen=True):
    """One reading of every store."""

    kafka: int
    """Offsets that the topic has given: the sum of its end offsets."""
    uncounted: dict[int, int]
    """By partition, the offsets that the tables have not yet come to, where there are any.

    Negative where the tables are beyond the log's end.
    """
    earlier: int
    """Offsets of the topic's earlier lives, before it was made anew."""
    empty: int
    """Offsets that hold nothing: control records, aborted transactions, what compaction took."""
    lost: int
    """Offsets that the log lost before they were counted."""
    dead_letters: int
    """The same of the topic of dead letters; a redelivered one may be in it twice."""
    dead: int
    """Records that the tables hold for dead letters."""
    repeats: int
    """Records that the tables hold for retries of clients."""
    tables: int
    """Messages in the tables."""
    mongo: int
    redis_total: int
    redis_countries: int
    redis_dead: int
    redis_repeats: int
    live: int
    """Tweets that the live view has seen; best effort, and therefore no part of the agreement."""
    table_by_country: dict[str, int]
    redis_by_country: dict[str, int]

    @property
    def expected(self) -> int:
        """The messages that each store must have."""
        elsewhere = self.dead + self.repeats + self.empty + self.lost
        return self.kafka + self.earlier - self.lag - elsewhere

    @property
    def lag(self) -> int:
        """Offsets that the tables have not yet come to."""
        return sum(self.uncounted.values())

    @property
    def differences(self) -> list[str]:
        """A sentence for each disagreement; none when all agree."""
        found = [
            f"{name} {'has' if verb else 'have'} {abs(count - expected):,} "
            f"{'more' if count > expected else 'fewer'} than {than}: {count:,}, not {expected:,}"
            for name, verb, count, expected, than in (
                ("the tables", False, self.tables, self.expected, "Kafka"),
                ("MongoDB", True, self.mongo, self.expected, "Kafka"),
                ("Redis `totals.messages`", True, self.redis_total, self.expected, "Kafka"),
                ("Redis `countries`", True, self.redis_countries, self.expected, "Kafka"),
                ("Redis `totals.dead`", True, self.redis_dead, self.dead, "the tables"),
                ("Redis `totals.repeats`", True, self.redis_repeats, self.repeats, "the tables"),
            )
            if count != expected
        ]
        found += [
            f"{count:,} offsets of partition {partition} are not counted yet"
            if count > 0
            else f"partition {partition} was counted to {-count:,} beyond its end: was the topic made anew?"
            for partition, count in sorted(self.uncounted.items())
        ]
        names = sorted(self.table_by_country.keys() | self.redis_by_country.keys())
        differing = [
            (name, of_redis, of_tables)
            for name in names
            if (of_redis := self.redis_by_country.get(name, 0))
            != (of_tables := self.table_by_country.get(name, 0))
        ]
        found += [
            f"Redis `countries` has {of_redis:,} for {name}, the tables have {of_tables:,}"
            for name, of_redis, of_tables in differing[:_SHOWN_COUNTRIES]
        ]
        if len(differing) > _SHOWN_COUNTRIES:
            found.append(f"and so on for {len(differing) - _SHOWN_COUNTRIES} more countries")
        return found

    @property
    def notes(self) -> list[str]:
        """What is worth knowing, although it is nobody's fault that it is so."""
        if self.dead_letters < self.dead:
            return [
                f"the topic of dead letters has had {self.dead_letters:,} of {self.dead:,}: it was made anew"
            ]
        return []

    @property
    def agree(self) -> bool:
        return not self.differences


def audit(sources: Sources, *, wait_seconds: float = 30.0) -> Counts:
    """Reads all stores as soon as the stream workers have caught up.

    Waits for that, and for a store that is away, at most so long, and then gives what it has read last; with
    0 there is one reading. Raises `StoreUnreachableError` if a store stays away.
    """
    deadline = time.monotonic() + wait_seconds
    caught_up_at: float | None = None
    while True:
        began = time.monotonic()
        pause = _POLL_SECONDS
        try:
            counts = take(sources)
        except StoreUnreachableError:
            if time.monotonic() >= deadline:
                raise
        else:
            now = time.monotonic()
            if counts.lag:
                caught_up_at = None
            elif caught_up_at is None:
                caught_up_at = now
            settled = caught_up_at is not None and now - caught_up_at > _SETTLE_SECONDS
            if counts.agree or settled or now >= deadline:
                return counts
            # To count a million documents takes a small store seconds. Most of its time is for tweets.
            pause = max(pause, min(3 * (now - began), deadline - now))
        time.sleep(pause)


def take(sources: Sources) -> Counts:
    """One reading of every store, now. Raises `StoreUnreachableError`."""
    # In the order of a tweet's way, so that a tweet on its way makes a later store's count higher, not lower.
    ends, dead_letters = _ends(sources.kafka)
    mongo = _count_documents(sources.mongo)
    stats = cluster_stats(sources.stats_urls)
    redis = _redis_counts(sources.redis)
    return Counts(
        kafka=sum(ends.values()),
        uncounted=_uncounted(ends, stats["partitions"]),
        earlier=stats["earlier"],
        empty=stats["empty"],
        lost=stats["lost"],
        dead_letters=dead_letters,
        dead=stats["dead"],
        repeats=stats["repeats"],
        tables=stats["messages"],
        mongo=mongo,
        table_by_country=stats["countries"],
        **redis,
    )


def _ends(settings: KafkaSettings) -> tuple[dict[int, int], int]:
    """By partition of the topic, and the sum of the topic of dead letters."""
    topics = (settings.topic, settings.dead_topic)
    try:
        ends = asyncio.run(end_offsets(settings, *topics, timeout_seconds=STORE_SECONDS))
    except (KafkaError, OSError) as error:
        raise StoreUnreachableError(f"Kafka at {settings.bootstrap_servers}: {error!r}") from error
    return ends[settings.topic], sum(ends[settings.dead_topic].values())


def _uncounted(ends: dict[int, int], tables: dict[str, Any]) -> dict[int, int]:
    """By partition, where it is not 0, how far the tables are behind the log."""
    partitions = ends.keys() | {int(partition) for partition in tables}
    behind = {
        partition: ends.get(partition, 0) - tables.get(str(partition), {"offset": -1})["offset"] - 1
        for partition in partitions
    }
    return {partition: count for partition, count in behind.items() if count}


def _count_documents(settings: MongoSettings) -> int:
    try:
        with MongoClient[dict[str, Any]](
            settings.url.get_secret_value(),
            serverSelectionTimeoutMS=int(STORE_SECONDS * 1000),
            # Counting some hundred thousand documents takes its time.
            socketTimeoutMS=int(STORE_SECONDS * 12_000),
        ) as client:
            return client[settings.database][settings.collection].count_documents({})
    except PyMongoError as error:
        raise StoreUnreachableError(f"MongoDB: {error}") from error


def cluster_stats(urls: list[str]) -> dict[str, Any]:
    """`/stats` of the first worker that answers. Raises `StoreUnreachableError`."""
    problems = []
    for url in urls:
        try:
            stats: dict[str, Any] = msgspec.json.decode(nearby.get(url, timeout_seconds=STORE_SECONDS))
            return stats
        except (OSError, msgspec.DecodeError) as error:
            problems.append(f"{url}: {error}")
    raise StoreUnreachableError(f"the stream workers: {'; '.join(problems) or 'there are none'}")


def _redis_counts(settings: RedisSettings) -> dict[str, Any]:
    try:
        with Redis.from_url(
            settings.url.get_secret_value(),
            decode_responses=True,
            socket_timeout=STORE_SECONDS,
            socket_connect_timeout=STORE_SECONDS,
        ) as client:
            pipeline = client.pipeline(transaction=True)
            # By name: a later version may have written more, and no numbers.
            pipeline.hmget(redis_keys.TOTALS, "messages", "dead", "repeats")
            pipeline.hget(redis_keys.LIVE_TOTALS, "messages")
            pipeline.hgetall(redis_keys.COUNTRIES)
            totals, live, countries = pipeline.execute()
    except RedisError as error:
        raise StoreUnreachableError(f"Redis: {error}") from error
    messages, dead, repeats = (int(count or 0) for count in totals)
    by_country = {name: int(count) for name, count in countries.items()}
    return {
        "redis_total": messages,
        "redis_dead": dead,
        "redis_repeats": repeats,
        "redis_countries": sum(by_country.values()),
        "redis_by_country": by_country,
        "live": int(live or 0),
    }
