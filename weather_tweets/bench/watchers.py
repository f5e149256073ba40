"""Who sees what became of tweets: a reader of Redis, and a viewer of `/live`."""

import asyncio
import time
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress

import msgspec
from aiokafka import AIOKafkaConsumer
from redis.asyncio import Redis
from redis.exceptions import RedisError
from websockets.asyncio.client import connect

from weather_tweets import redis_keys
from weather_tweets.kafka import client_options
from weather_tweets.settings import KafkaSettings

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
        self._changed = asyncio.Event()
        self._counts: list[list[int]] = [[] for _ in self._keys]
        self._moments: list[list[float]] = [[] for _ in self._keys]

    async def watch(self) -> None:
        """Until cancelled."""
        last = [-1] * len(self._keys)
        try:
            while True:
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
                await asyncio.sleep(_POLL_SECONDS)
        finally:
            await self._redis.aclose()

    async def wait_for(self, places: Iterable[tuple[int, int]]) -> None:
        """Returns when the records at these partitions and offsets were seen to be counted."""
        ends: dict[int, int] = {}
        for partition, offset in places:
            ends[partition] = max(offset, ends.get(partition, 0))
        while any(self.counted_at(*place) is None for place in ends.items()):
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


async def offsets_of_keys(kafka: KafkaSettings) -> dict[str, tuple[int, int]]:
    """Partition and offset of each key of the topic, up to now; of one that is there twice, the first.

    Raises `aiokafka.errors.KafkaError`.
    """
    found: dict[str, tuple[int, int]] = {}
    # Without a group it is given all partitions.
    consumer = AIOKafkaConsumer(kafka.topic, **client_options(kafka), auto_offset_reset="earliest")
    try:
        await consumer.start()
        ends = await consumer.end_offsets(consumer.assignment())
        left = {partition for partition, end in ends.items() if end}
        while left:
            for partition, records in (await consumer.getmany(timeout_ms=500)).items():
                for record in records:
                    found.setdefault(record.key.decode(), (partition.partition, record.offset))
                if records[-1].offset + 1 >= ends[partition]:
                    left.discard(partition)
    finally:
        await consumer.stop()
    return found
