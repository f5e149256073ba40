"""The counters in Redis: absolute counts by partition and their sums, made by a script (`counters.lua`)."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import msgspec
from redis.asyncio import Redis

from streams.group_commit import GroupCommit
from streams.tally import Tally
from weather_tweets import countries, redis_keys, redis_refusals

_SCRIPT = files(__package__).joinpath("counters.lua").read_text(encoding="utf-8")
_COUNTRY = "country:"
_RARE = ("empty", "lost", "earlier")
# While a script runs, Redis answers nobody else.
_PARTITIONS_PER_SCRIPT = 6


class _Publication(NamedTuple):
    partition: int
    tally: Tally
    by_code: Mapping[str, int]
    """The counts that are to be published."""
    partitions: int = 0
    """How many partitions the topic has; where all counts are published."""

    @property
    def whole(self) -> bool:
        return self.partitions > 0


class Counters:
    """Publishes tallies. What is published twice, late or by a stale writer changes nothing."""

    def __init__(self, redis: Redis, publish_seconds: float = 5.0) -> None:
        """`publish_seconds`: how often `publish_all` is called.

        So long a partition's counts are guarded against a worker that is behind them.
        """
        self._redis = redis
        self._publish_seconds = publish_seconds
        self._script = redis.register_script(_SCRIPT)
        self._commit = GroupCommit(self._publish, most=_PARTITIONS_PER_SCRIPT)

    async def publish(self, partition: int, tally: Tally, codes: Iterable[str]) -> None:
        """Publishes the counts of a partition: its totals, and of the countries those in `codes`.

        Raises `redis.RedisError`.
        """
        await self._commit(_Publication(partition, tally, {code: tally.countries[code] for code in codes}))

    async def publish_all(self, tallies: Mapping[int, Tally], partitions: int = 0) -> None:
        """Publishes all counts of several partitions, and sets the sums to those over all partitions.

        They go the way of the batches, so that no batch that was counted later is before them. `partitions`
        is how many partitions the topic has (at least those that are given). Raises `redis.RedisError`.
        """
        partitions = max(partitions, max(tallies, default=-1) + 1)
        await asyncio.gather(
            *(
                self._commit(_Publication(partition, tally, tally.countries, partitions))
                for partition, tally in tallies.items()
            )
        )

    async def close(self) -> None:
        await self._redis.aclose()

    async def _publish(self, publications: Sequence[_Publication]) -> Sequence[None]:
        keys = [
            redis_keys.COUNTRIES,
            redis_keys.TOTALS,
            redis_keys.COUNTRY_CODES,
            *(redis_keys.tally(publication.partition) for publication in publications),
        ]
        arguments: list[bytes | str | float] = [
            msgspec.json.encode([_told(publication) for publication in publications]),
            redis_keys.TALLY,
            max(publication.partitions for publication in publications),
            _codes() if any(publication.whole for publication in publications) else b"",
            self._publish_seconds,
        ]
        try:
            await self._script(keys, arguments)
        except redis_refusals.OF_A_REPLICA:
            await redis_refusals.hang_up(self._redis)
            raise
        return [None] * len(publications)


@cache
def _codes() -> bytes:
    """The codes of all countries by name, as JSON."""
    return msgspec.json.encode(
        {country.name: code for code, country in countries.by_code().items() if country != countries.UNKNOWN}
    )


def _told(publication: _Publication) -> Mapping[str, object]:
    tally = publication.tally
    counts = {"messages": tally.messages, "dead": tally.dead, "repeats": tally.repeats}
    # Rare, and each field costs its look-up.
    counts |= {field: count for field in _RARE if (count := getattr(tally, field))}
    known = countries.by_code()
    for code, count in publication.by_code.items():
        # A code that is no country any more keeps its counter.
        name = known[code].name if code in known else code
        counts[_COUNTRY + name] = count
    return {
        "epoch": tally.epoch,
        "offset": tally.offset,
        "whole": publication.whole,
        "counts": counts,
    }
