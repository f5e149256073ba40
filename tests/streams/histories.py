"""A worker that counts one partition, and the stores that it writes to, with real MongoDB behind them."""

import random
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from prometheus_client import CollectorRegistry

from streams.decoding import Batch
from streams.history import History
from streams.history_store import HOUR, MINUTE, HistoryStore
from streams.history_writing import HistoryWriting
from streams.persistence import Persistence
from streams.tally import Counts, Tally, life_of
from streams.tweet_store import TweetStore
from weather_tweets.metrics import StreamsMetrics
from weather_tweets.tweet import Tweet

NOW = datetime(2026, 11, 25, 12, 30, tzinfo=UTC)
_TEXTS = ("Llueve y hay viento", "Nieva", "Nada")
_CODES = (("Guatemala", "GT"), ("México", "MX"), ("Japón", "JP"))

Sums = dict[tuple[datetime, str], dict[str, Any]]


class Worker:
    """One that counts partition 0: what the processor does with a batch, and the history beside it."""

    def __init__(self, database: "Database", tally: Tally | None = None) -> None:
        self._database = database
        self.tally = tally or Tally(topic_id="first")
        self.history = History()
        self.partitions = {0}
        self.metrics = StreamsMetrics(CollectorRegistry())
        self.writing = HistoryWriting(
            history=self.history,
            store=database.history,
            partitions=lambda: self.partitions,
            tallies=lambda _: self.tally,
            persistence=Persistence(StreamsMetrics(CollectorRegistry()), lambda: True),
            settled=lambda: True,
            metrics=self.metrics,
            now=lambda: NOW,
        )

    async def count(self, tweets: list[Tweet], *, first: int | None = None) -> None:
        start = self.tally.offset + 1 if first is None else first
        offsets = list(range(start, start + len(tweets)))
        life = life_of(self.tally.topic_id)
        batch = Batch("messages", 0, start, offsets[-1], tweets, offsets, (), life).after(self.tally.offset)
        stored = await self._database.tweets.store(batch)
        messages = len(batch.tweets) - len(stored.repeats)
        self.tally = self.tally.counted(Counts(messages, {}, repeats=len(stored.repeats)), last=batch.last)
        self.history.add(batch, stored, life=life)


class Database:
    """The stores, and what the tweets say that the history has to have."""

    def __init__(self, tweets: TweetStore) -> None:
        self.tweets = tweets
        self.history = HistoryStore.beside(tweets.collection)
        self.documents = tweets.collection.database["history"]

    async def store(self, tweets: list[Tweet], topic_id: str, *, every: int = 1) -> None:
        """Stores each, or every second from the second on, as a life's first records; nobody counts them."""
        offsets = list(range(len(tweets)))[every - 1 :: every]
        some, life = tweets[every - 1 :: every], life_of(topic_id)
        await self.tweets.store(Batch("messages", 0, offsets[0], offsets[-1], some, offsets, (), life))

    async def stored(self, step: str) -> Sums:
        sums: Sums = {}
        async for document in self.tweets.collection.find():
            at = document["accepted_at"].replace(second=0, microsecond=0)
            at = at.replace(minute=0) if step == HOUR else at
            _add(sums, at, document["code"], 1, Counter(document.get("kinds") or ()))
        return sums

    async def counted(self, step: str) -> Sums:
        sums: Sums = {}
        async for document in self.documents.find({"step": step}):
            for code, counts in document["countries"].items():
                _add(sums, document["at"], code, counts["tweets"], counts.get("kinds", {}))
        return sums

    async def agrees(self) -> None:
        for step in (HOUR, MINUTE):
            assert await self.counted(step) == await self.stored(step)


def _add(sums: Sums, at: datetime, code: str, tweets: int, kinds: dict[str, int]) -> None:
    sum_ = sums.setdefault((at, code), {"tweets": 0, "kinds": Counter()})
    sum_["tweets"] += tweets
    sum_["kinds"].update(kinds)


_chance = random.Random(16)


def some_tweets(count: int, within: timedelta = timedelta(hours=5)) -> list[Tweet]:
    """Of the last hours before `NOW`."""
    tweets = []
    for _ in range(count):
        country, code = _chance.choice(_CODES)
        at = int((NOW - within * _chance.random()).timestamp() * 1000)
        tweets.append(Tweet(str(uuid.uuid4()), _chance.choice(_TEXTS), country, code, at))
    return tweets
