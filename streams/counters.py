"""The counters in Redis: grow-only per partition, summed up by a script (`counters.lua`)."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
from redis.asyncio import Redis

from streams.group_commit import GroupCommit
from streams.tally import Tally
from weather_tweets import countries, redis_keys

_SCRIPT = files(__package__).joinpath("counters.lua").read_text(encoding="utf-8")
_COUNTRY = "country:"
_RARE = ("empty", "lost", "earlier")
# While a script runs, Redis answers nobody else.
_PARTITIONS_PER_SCRIPT = 6

_Publication = tuple[int, Tally, Mapping[str, int]]
"""A partition, its tally, and those counts by country's code that are to be published."""


class Counters:
    """Publishes tallies. What is published twice, late or by a stale writer changes nothing."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._script = redis.register_script(_SCRIPT)
        self._commit = GroupCommit(self._publish, most=_PARTITIONS_PER_SCRIPT)

    async def publish(self, partition: int, tally: Tally, codes: Iterable[str]) -> None:
        """Publishes the counts of a partition: its totals, and of the countries those in `codes`.

        Raises `redis.RedisError`.
        """
        await self._commit((partition, tally, {code: tally.countries[code] for code in codes}))

    async def publish_all(self, tallies: Mapping[int, Tally]) -> None:
        """Publishes all counts of several partitions, and the countries' codes, in one round trip.

        Raises `redis.RedisError`.
        """
        if not tallies:
            return
        async with self._redis.pipeline(transaction=False) as pipeline:
            for partition, tally in tallies.items():
                await self._run([(partition, tally, tally.countries)], pipeline)
            pipeline.hset(redis_keys.COUNTRY_CODES, mapping=_codes())
            await pipeline.execute()

    async def _publish(self, publications: Sequence[_Publication]) -> Sequence[None]:
        await self._run(publications, self._redis)
        return [None] * len(publications)

    async def _run(self, publications: Sequence[_Publication], client: Redis) -> None:
        partitions = [redis_keys.tally(partition) for partition, _, _ in publications]
        counts = [_by_field(tally, by_code) for _, tally, by_code in publications]
        await self._script(
            keys=[redis_keys.COUNTRIES, redis_keys.TOTALS, *partitions],
            args=[msgspec.json.encode(counts)],
            client=client,
        )

    async def close(self) -> None:
        await self._redis.aclose()


@cache
def _codes() -> Mapping[Any, str]:
    return {
        country.name: code for code, country in countries.by_code().items() if country != countries.UNKNOWN
    }


def _by_field(tally: Tally, by_code: Mapping[str, int]) -> dict[str, int]:
    counts = {"messages": tally.messages, "dead": tally.dead, "repeats": tally.repeats}
    # Rare, and each field costs its look-up.
    counts |= {field: count for field in _RARE if (count := getattr(tally, field))}
    known = countries.by_code()
    for code, count in by_code.items():
        # A code that is no country any more keeps its counter.
        name = known[code].name if code in known else code
        counts[_COUNTRY + name] = count
    return counts
