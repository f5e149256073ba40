"""Who sees what became of tweets: a reader of Redis, and a viewer of `/live`."""

import asyncio
import time
from bisect import bisect_right
from collections import defaultdict
from contextlib import suppress
from typing import Any

import msgspec
from pymongo import MongoClient
from redis.asyncio import Redis
from redis.exceptions import RedisError
from websockets.asyncio.client import connect

from weather_tweets import redis_keys
from weather_tweets.settings import MongoSettings

_POLL_SECONDS = 0.002

# In one command, so that a look costs Redis and us little: the records of each partition that are counted.
_COUNTED = """
local counted = {}
for i, key in ipairs(KEYS) do
  local tally = redis.call('HMGET', key, 'messages', 'dead', 'repeats')
  counted[i] = (tally[1] or 0) + (tally[2] or 0) + (tally[3] or 0)
end
return counted
"""


class Tallies:
    """Looks at the tallies in Redis five hundred times a second; what it saw is late by that, never early."""

    def __init__(self, url: str, partitions: int) -> None:
        self._redis = Redis.from_url(url)
        self._script = self._redis.register_script(_COUNTED)
        self._keys = [redis_keys.tally(partition) for partition in range(partitions)]
        self._looked = asyncio.Event()
        self._changed = asyncio.Event()
        self._counts: list[list[int]] = [[] for _ in self._keys]
        self._moments: list[list[float]] = [[] for _ in self._keys]

    async def watch(self) -> None:
        """Until cancelled."""
        last = [-1] * len(self._keys)
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 (a coroutine is run by a task)
        try:
            # A cancellation that meets an answer of Redis is swallowed by what waits for the answer.
            while not task.cancelling():
                # A Redis that is away shows nothing.
                with suppress(RedisError):
                    counted = await self._script(keys=self._keys)
                    now = time.monotonic()
                    for partition, count in enumerate(counted):
                        if count > last[partition]:
                            self._changed.set()
                            last[partition] = count
                            self._counts[partition].append(count)
                            self._moments[partition].append(now)
                    self._looked.set()
                await asyncio.sleep(_POLL_SECONDS)
        finally:
            await self._redis.aclose()

    async def total(self) -> int:
        """Records counted; waits for the first look."""
        await self._looked.wait()
        return sum(counts[-1] for counts in self._counts)

    async def wait_for(self, total: int) -> None:
        """Returns when so many records were seen to be counted."""
        while await self.total() < total:
            self._changed.clear()
            await self._changed.wait()

    def counted_at(self, partition: int, offset: int) -> float | None:
        """When the record was first seen to be counted; `time.monotonic()`."""
        # Every offset up to the tally's is counted as something, so the sum is the next offset.
        index = bisect_right(self._counts[partition], offset)
        moments = self._moments[partition]
        return moments[index] if index < len(moments) else None


class _Frame(msgspec.Struct):
    """What we want of a snapshot or a delta."""

    countries: dict[str, int] = {}


class Viewer:
    """Is told the counts by country, as a browser on the live page is."""

    def __init__(self, url: str) -> None:
        self.ready = asyncio.Event()
        self._url = url
        self._before: dict[str, int] = {}
        self._counts: dict[str, list[int]] = defaultdict(list)
        self._moments: dict[str, list[float]] = defaultdict(list)

    async def watch(self) -> None:
        """Until cancelled."""
        decode = msgspec.json.Decoder(_Frame).decode
        async with connect(self._url, compression=None, max_size=None) as socket:
            self._before = decode(await socket.recv()).countries
            self.ready.set()
            async for message in socket:
                now = time.monotonic()
                for code, count in decode(message).countries.items():
                    self._counts[code].append(count)
                    self._moments[code].append(now)

    def shown_at(self, code: str, number: int) -> float | None:
        """When a count was told that the country's tweet of this number (from 0) is in."""
        index = bisect_right(self._counts[code], self._before.get(code, 0) + number)
        moments = self._moments[code]
        return moments[index] if index < len(moments) else None


def places(mongo: MongoSettings) -> dict[str, tuple[int, int]]:
    """Partition and offset of each tweet that is stored, by its id."""
    client: MongoClient[dict[str, Any]] = MongoClient(mongo.url.get_secret_value())
    with client:
        stored = client[mongo.database][mongo.collection].find({}, {"partition": 1, "offset": 1})
        return {tweet["_id"]: (tweet["partition"], tweet["offset"]) for tweet in stored}
