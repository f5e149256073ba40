"""Do all stores agree? Each offset of Kafka is in one count, and the messages are in every store.

end offsets + earlier lives = messages + dead + repeats + empty + lost + not counted yet
messages = MongoDB + kept no longer = Σ hours of the history = Redis = Σ countries = tables
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import msgspec
from aiokafka.errors import KafkaError
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import PyMongoError
from redis import Redis
from redis.exceptions import RedisError

from streams import history_store, retention
from weather_tweets import countries, nearby, redis_keys
from weather_tweets.kafka import end_offsets
from weather_tweets.settings import KafkaSettings, MongoSettings, RedisSettings

STORE_SECONDS = 5.0
"""How long one store may take to be reached, or to answer."""

# A batch is in the tables a moment before it is in Redis, and two seconds before it is in the history.
_SETTLE_SECONDS = 5.0
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

    ends: dict[int, int]
    """By partition, the offsets that the topic has given."""
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
    history_by_country: dict[str, int]
    """The sums over all hours and partitions."""
    kept_no_longer: int = 0
    """Tweets that MongoDB had, until they were too old."""
    meanwhile: "Meanwhile | None" = None
    """Where tweets came while the stores were read, what bounds their counts; else they must be equal."""

    @property
    def kafka(self) -> int:
        """Offsets that the topic has given."""
        return sum(self.ends.values())

    @property
    def expected(self) -> int:
        """The messages that each store must have."""
        elsewhere = self.dead + self.repeats + self.empty + self.lost
        return self.kafka + self.earlier - self.lag - elsewhere

    @property
    def history(self) -> int:
        return sum(self.history_by_country.values())

    @property
    def lag(self) -> int:
        """Offsets that the tables have not yet come to."""
        return sum(self.uncounted.values())

    @property
    def behind(self) -> int:
        """The same, without partitions whose tables are beyond the end that was read a moment before them."""
        return sum(count for count in self.uncounted.values() if count > 0)

    @property
    def moving(self) -> int:
        """Records that came while the stores were read: so far their counts may be apart."""
        if self.meanwhile is None:
            return 0
        return self.meanwhile.after.expected + self.meanwhile.after.behind - self.meanwhile.before.expected

    @property
    def differences(self) -> list[str]:
        """A sentence for each disagreement; none when all agree."""
        before, after = self.meanwhile or (self, self)
        # Each of them is a tweet, a dead letter or a repeat: which of these, nobody knows yet.
        more = after.behind if self.meanwhile else 0
        tweets = (before.expected, after.expected + more)
        found = [
            f"{name} {'has' if verb else 'have'} {difference}"
            for name, verb, count, between, than in (
                ("the tables", False, self.tables, (self.expected, self.expected), "Kafka"),
                ("MongoDB", True, self.mongo + self.kept_no_longer, tweets, "Kafka"),
                ("the history", True, self.history, tweets, "Kafka"),
                ("Redis `totals.messages`", True, self.redis_total, tweets, "Kafka"),
                ("Redis `countries`", True, self.redis_countries, tweets, "Kafka"),
                (
                    "Redis `totals.dead`",
                    True,
                    self.redis_dead,
                    (before.dead, after.dead + more),
                    "the tables",
                ),
                (
                    "Redis `totals.repeats`",
                    True,
                    self.redis_repeats,
                    (before.repeats, after.repeats + more),
                    "the tables",
                ),
            )
            if (difference := _difference(count, *between, than))
        ]
        found += [
            f"{count:,} offsets of partition {partition} are not counted yet"
            if count > 0
            else f"partition {partition} was counted to {-count:,} beyond its end: was the topic made anew?"
            for partition, count in sorted(self.uncounted.items())
            # Meanwhile the tables have come to the end that was before, and to none that was not even after.
            if not self.ends.get(partition, 0) - after.ends.get(partition, 0)
            <= count
            <= self.ends.get(partition, 0) - before.ends.get(partition, 0)
        ]
        found += self._differing("Redis `countries`", self.redis_by_country)
        found += self._differing("the history", self.history_by_country)
        return found

    def _differing(self, store: str, by_country: dict[str, int]) -> list[str]:
        """A sentence for each country of which a store has not what the tables have; of many, for some."""
        before, after = self.meanwhile or (self, self)
        more = after.behind if self.meanwhile else 0
        differing = [
            f"{store} has {has:,} for {name}, the tables have {self.table_by_country.get(name, 0):,}"
            for name in sorted(after.table_by_country.keys() | by_country.keys())
            if not before.table_by_country.get(name, 0)
            <= (has := by_country.get(name, 0))
            <= after.table_by_country.get(name, 0) + more
        ]
        if len(differing) > _SHOWN_COUNTRIES:
            differing[_SHOWN_COUNTRIES:] = [
                f"{store}: and so on for {len(differing) - _SHOWN_COUNTRIES} more countries"
            ]
        return differing

    @property
    def notes(self) -> list[str]:
        """What is worth knowing, although it is nobody's fault that it is so."""
        found = []
        if self.dead_letters < self.dead:
            found.append(
                f"the topic of dead letters has had {self.dead_letters:,} of {self.dead:,}: it was made anew"
            )
        if self.moving:
            found.append(
                f"{self.moving:,} records came while the stores were read one after the other: so far their "
                "counts may be apart. `audit --deep` compares record by record, up to one moment"
            )
        return found

    @property
    def agree(self) -> bool:
        return not self.differences


class Meanwhile(NamedTuple):
    """The readings before and after one that was taken while tweets came; counts only grow."""

    before: Counts
    """So long before that every store has since had the time for what the tables had then."""
    after: Counts
    """Begun when the other had ended."""


def _difference(count: int, least: int, most: int, than: str) -> str:
    """How far outside of these bounds; empty when within them."""
    if least <= count <= most:
        return ""
    bound = most if count > most else least
    return (
        f"{abs(count - bound):,} {'more' if count > bound else 'fewer'} than {than}: {count:,}, not {bound:,}"
    )


def audit(sources: Sources, *, wait_seconds: float = 30.0) -> Counts:
    """Reads all stores as soon as the stream workers have caught up.

    Waits for that, and for a store that is away, at most so long, and then gives what it has read last; with
    0 there is one reading. Where tweets come all the time, no moment has all stores at one count: then each
    must have at least what was counted a while before, and at most what had come right after
    (`Counts.meanwhile`). Raises `StoreUnreachableError` if a store stays away.
    """
    deadline = time.monotonic() + wait_seconds
    readings: list[_Reading] = []
    while True:
        began = time.monotonic()
        pause = _POLL_SECONDS
        try:
            counts = take(sources)
        except StoreUnreachableError:
            if time.monotonic() >= deadline:
                raise
        else:
            readings.append(_Reading(began, time.monotonic(), counts))
            best = _while_tweets_came(readings) or counts
            if counts.agree:
                return counts
            if best.agree or _stands_still(readings) or time.monotonic() >= deadline:
                return best
            # To count a million documents takes a small store seconds. Most of its time is for tweets; the
            # bounds of a reading need three.
            pause = max(pause, min(3 * (readings[-1].ended - began), (deadline - time.monotonic()) / 2))
        time.sleep(pause)


class _Reading(NamedTuple):
    began: float
    ended: float
    counts: Counts


def _stands_still(readings: list[_Reading]) -> bool:
    """Whether all was counted and nothing came for so long that every store has had its time."""
    *_, last = readings
    for reading in reversed(readings):
        if reading.counts.lag or reading.counts.ends != last.counts.ends:
            return False
        if last.ended - reading.ended > _SETTLE_SECONDS:
            return True
    return False


def _while_tweets_came(readings: list[_Reading]) -> Counts | None:
    """The last but one reading with its bounds; none where nothing came, or for want of readings."""
    if len(readings) < 3:
        return None
    *earlier, reading, after = readings
    settled = reading.began - _SETTLE_SECONDS
    before = next((e.counts for e in reversed(earlier) if e.ended <= settled), None)
    if before is None or before.ends == after.counts.ends:
        return None
    return msgspec.structs.replace(reading.counts, meanwhile=Meanwhile(before, after.counts))


def take(sources: Sources) -> Counts:
    """One reading of every store, now. Raises `StoreUnreachableError`."""
    # In the order of a tweet's way, so that a tweet on its way makes a later store's count higher, not lower.
    ends, dead_letters = _ends(sources.kafka)
    mongo, kept_no_longer = _count_documents(sources.mongo)
    stats = cluster_stats(sources.stats_urls)
    redis = _redis_counts(sources.redis)
    history = _history_by_country(sources.mongo)
    return Counts(
        ends=ends,
        uncounted=_uncounted(ends, stats["partitions"]),
        earlier=stats["earlier"],
        empty=stats["empty"],
        lost=stats["lost"],
        dead_letters=dead_letters,
        dead=stats["dead"],
        repeats=stats["repeats"],
        tables=stats["messages"],
        mongo=mongo,
        kept_no_longer=kept_no_longer,
        table_by_country=stats["countries"],
        history_by_country=history,
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


def _count_documents(settings: MongoSettings) -> tuple[int, int]:
    """How many tweets are kept, and how many no longer: of these perhaps not all are deleted yet."""
    with _mongo(settings) as database:
        tweets, retired = database[settings.collection], retention.all_of(database)
        while True:
            gone = [of.query() for of in retired.values()]
            count = tweets.count_documents({"$nor": gone} if gone else {})
            before, retired = retired, retention.all_of(database)
            if retired == before:
                return count, sum(of.by_code.total() for of in retired.values())


def _history_by_country(settings: MongoSettings) -> dict[str, int]:
    """Tweets of all hours by the country's name, summed up by the server: there may be years of them."""
    pipeline: list[dict[str, Any]] = [
        {"$match": {"step": history_store.HOUR}},
        {"$project": {"country": {"$objectToArray": "$countries"}}},
        {"$unwind": "$country"},
        {"$group": {"_id": "$country.k", "tweets": {"$sum": "$country.v.tweets"}}},
    ]
    known = countries.by_code()
    with _mongo(settings) as database:
        found = database[history_store.COLLECTION].aggregate(pipeline)
        # A code that is no country any more keeps its counts, as its counter does.
        return {(known[d["_id"]].name if d["_id"] in known else d["_id"]): d["tweets"] for d in found}


@contextmanager
def _mongo(settings: MongoSettings) -> Iterator[Database[dict[str, Any]]]:
    try:
        with MongoClient[dict[str, Any]](
            settings.url.get_secret_value(),
            serverSelectionTimeoutMS=int(STORE_SECONDS * 1000),
            # Counting some hundred thousand documents takes its time.
            socketTimeoutMS=int(STORE_SECONDS * 12_000),
        ) as client:
            yield client[settings.database]
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
            totals, live, of_countries = pipeline.execute()
    except RedisError as error:
        raise StoreUnreachableError(f"Redis: {error}") from error
    messages, dead, repeats = (int(count or 0) for count in totals)
    by_country = {name: int(count) for name, count in of_countries.items()}
    return {
        "redis_total": messages,
        "redis_dead": dead,
        "redis_repeats": repeats,
        "redis_countries": sum(by_country.values()),
        "redis_by_country": by_country,
        "live": int(live or 0),
    }
