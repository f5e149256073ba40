"""The sinks under contract: for each, its step in a batch's way, and what it holds that must be the same.

A new sink joins with one line in `SINKS`; `test_sinks` then has it written to twice, in pieces, overlapping,
by workers that die before and after it, and by two workers at once.
"""

import asyncio
import json
from collections.abc import Callable
from typing import Any, NamedTuple

from streams import dead_letter_headers
from streams.counters import Counters
from streams.dead_letters import DeadLetters
from streams.history_store import HistoryStore
from streams.tally_table import TallyTable
from streams.tweet_store import TweetStore
from tests.streams.cluster import Cluster
from tests.topics import read_to_end
from weather_tweets import redis_keys


class Sink(NamedTuple):
    name: str
    step: tuple[type, str]
    """The method that writes a batch: where a worker dies."""
    content: Callable[[Cluster], Any]
    """All that it holds, but for what differs from run to run (times of storing, copies of a letter)."""


def _letters(cluster: Cluster) -> Any:
    """By where the record was: a letter that was sent twice says the same twice."""
    letters: dict[tuple[int, int], set[tuple[Any, ...]]] = {}
    for records in asyncio.run(read_to_end(cluster.settings.bootstrap_servers, cluster.settings.dead_topic)):
        for record in records:
            origin, _ = dead_letter_headers.read(record.headers, topic="")
            where = origin.partition, origin.offset
            letters.setdefault(where, set()).add((record.key, record.value, origin.reason))
    return letters


def _documents(cluster: Cluster) -> Any:
    # Every run has a topic of its own, and that another life.
    shown = {"stored_at": False, "life": False}
    return {document.pop("_id"): document for document in cluster.tweets.find({}, shown)}


def _tallies(cluster: Cluster) -> Any:
    """What a worker that takes the partitions over would read: the changelog's last value of each."""
    changelog = asyncio.run(read_to_end(cluster.settings.bootstrap_servers, cluster.changelog))
    tallies = [json.loads(records[-1].value or b"") for records in changelog]
    # Every run has a topic of its own.
    return [{**tally, "topic_id": None} for tally in tallies]


def _counters(cluster: Cluster) -> Any:
    """Counts only: a hash's `position` has a time in it, and what is 0 may be missing."""
    partitions = [redis_keys.tally(partition) for partition in range(cluster.settings.partitions)]
    return {
        key: {
            field: text for field, text in cluster.redis.hgetall(key).items() if text.isdigit() and int(text)
        }
        for key in (redis_keys.TOTALS, redis_keys.COUNTRIES, *partitions)
    }


def _history(cluster: Cluster) -> Any:
    """Hours; the minutes of what the tests send are long past."""
    shown = {"countries": True}
    return {
        document["_id"]: document["countries"] for document in cluster.history.find({"step": "hour"}, shown)
    }


SINKS = (
    Sink("dead letters", (DeadLetters, "send"), _letters),
    Sink("MongoDB", (TweetStore, "store"), _documents),
    Sink("tally", (TallyTable, "set"), _tallies),
    Sink("Redis", (Counters, "publish"), _counters),
    Sink("history", (HistoryStore, "add"), _history),
)
"""In the order in which a batch reaches them."""
