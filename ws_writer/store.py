"""The live view's keys in Redis."""

import uuid
from collections.abc import Mapping
from importlib import resources
from typing import Any, NamedTuple

import msgspec
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from weather_tweets import countries, redis_keys
from weather_tweets.tweet import Tweet
from ws_writer.batch import Batch, RateEntry

RATE_SECONDS = 3600
"""How much of `live:rate` is kept."""

# A writer's key tells which of its batches Redis has; an hour outlives every retry.
_WRITER_KEY_SECONDS = 3600
# Redis answers in under a millisecond; an answer that takes this long will not come.
_TIMEOUT_SECONDS = 2.0

_encode = msgspec.json.Encoder().encode


class Standing(NamedTuple):
    """What Redis says after a write: tweets accepted, tweets processed, accepted by country code."""

    accepted: int
    processed: int
    countries: dict[str, int]


class LiveStore:
    """Reads and writes `live:*`, one round trip at a time. Everything raises `redis.RedisError`."""

    def __init__(self, url: str, recent_tweets: int) -> None:
        # No retries of the client's own: who calls knows better when to try again.
        self._redis: Any = Redis.from_url(
            url,
            decode_responses=True,
            socket_timeout=_TIMEOUT_SECONDS,
            socket_connect_timeout=_TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        self._recent_tweets = recent_tweets
        self._names = {code: country.name for code, country in countries.by_code().items()}
        self._codes = {name: code for code, name in self._names.items()}
        self._keys = [
            redis_keys.LIVE_COUNTRIES,
            redis_keys.LIVE_TOTALS,
            redis_keys.LIVE_RECENT,
            redis_keys.LIVE_RATE,
            redis_keys.live_writer(uuid.uuid4().hex),
            redis_keys.TOTALS,
        ]
        script = resources.files("ws_writer").joinpath("publish.lua").read_text(encoding="utf-8")
        self._publish = self._redis.register_script(script)

    async def publish(
        self, batch: Batch, *, known: int, known_countries: Mapping[str, int], rate: list[RateEntry]
    ) -> Standing:
        """Writes a batch and the counts known to be reached; a batch sent again is not counted again.

        `known_countries` may name countries that are not in the batch: they are raised where Redis has less.
        """
        codes = sorted(known_countries.keys() | batch.countries.keys())
        payload = {
            "number": batch.number,
            "messages": (known, batch.messages),
            "countries": [
                (self._names[code], known_countries.get(code, 0), batch.countries.get(code, 0))
                for code in codes
            ],
            "tweets": [(tweet.id, tweet.text, tweet.country, tweet.code, tweet.at) for tweet in batch.recent],
            "rate": rate,
        }
        accepted, processed, counts = await self._publish(
            self._keys, [_encode(payload), self._recent_tweets, RATE_SECONDS, _WRITER_KEY_SECONDS]
        )
        return Standing(accepted, processed, dict(zip(codes, counts, strict=True)))

    async def standing(self) -> Standing:
        """All counts."""
        async with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.hget(redis_keys.LIVE_TOTALS, "messages")
            pipeline.hget(redis_keys.TOTALS, "messages")
            pipeline.hgetall(redis_keys.LIVE_COUNTRIES)
            accepted, processed, by_name = await pipeline.execute()
        counts = {self._codes[name]: int(count) for name, count in by_name.items() if name in self._codes}
        return Standing(int(accepted or 0), int(processed or 0), counts)

    async def recent(self, limit: int) -> list[Tweet]:
        """The last tweets of all writers, newest first."""
        entries = await self._redis.xrevrange(redis_keys.LIVE_RECENT, count=limit)
        return [
            Tweet(
                id=fields.get("id", ""),
                text=fields.get("texto", ""),
                country=fields.get("país", ""),
                code=fields.get("codigo", countries.UNKNOWN.code),
                at=int(fields.get("at", 0)),
            )
            for _, fields in entries
        ]

    async def rate(self, seconds: int) -> list[RateEntry]:
        """The last entries of `live:rate`, oldest first."""
        entries = await self._redis.xrevrange(redis_keys.LIVE_RATE, count=seconds)
        return [
            (
                int(entry.split("-")[0]) // 1000,
                int(fields.get("accepted", 0)),
                int(fields.get("processed", 0)),
            )
            for entry, fields in reversed(entries)
        ]

    async def close(self) -> None:
        """Closes the connections."""
        await self._redis.aclose()
