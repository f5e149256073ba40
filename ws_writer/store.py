"""The live view's keys in Redis."""

import hashlib
import uuid
from collections.abc import Iterable, Mapping
from importlib import resources
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from weather_tweets import countries, redis_keys, redis_refusals
from weather_tweets.tweet import Tweet
from ws_writer.batch import Batch, RateEntry

RATE_SECONDS = 3600
"""How much of `live:rate` is kept."""

# A writer's key tells which of its batches Redis has; an hour outlives every retry.
_WRITER_KEY_SECONDS = 3600
# Redis answers in under a millisecond; an answer that takes this long will not come.
_TIMEOUT_SECONDS = 2.0

_COUNTRY = "country:"

_encode = msgspec.json.Encoder().encode


class Standing(NamedTuple):
    """What Redis says: tweets accepted, tweets processed, accepted by country code.

    A client's repeats are in `processed`, as they are in `accepted`; they are in no country of
    `processed_countries`, which is empty where it was not asked for. After a write also how many tweets and
    entries of the rate it had before; None if that was not looked at.
    """

    accepted: int
    processed: int
    countries: dict[str, int]
    recent: int | None = None
    rate: int | None = None
    processed_countries: Mapping[str, int] = MappingProxyType({})


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
        self.recent_tweets = recent_tweets
        self._names = {code: country.name for code, country in countries.by_code().items()}
        self._codes = {name: code for code, name in self._names.items()}
        self._keys = [
            redis_keys.LIVE_COUNTRIES,
            redis_keys.LIVE_TOTALS,
            redis_keys.LIVE_RECENT,
            redis_keys.LIVE_RATE,
            redis_keys.live_writer(uuid.uuid4().hex),
            redis_keys.TOTALS,
            redis_keys.LIVE_SEALED,
            redis_keys.COUNTRIES,
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
        arguments: list[bytes | int] = [
            _encode(payload),
            self.recent_tweets,
            RATE_SECONDS,
            _WRITER_KEY_SECONDS,
        ]
        try:
            accepted, processed, counts, recent, rates, flat = await self._publish(self._keys, arguments)
        except redis_refusals.OF_A_REPLICA:
            await redis_refusals.hang_up(self._redis)
            raise
        by_code = dict(zip(codes, counts, strict=True))
        processed_countries = self._processed_by_code(dict(zip(flat[::2], flat[1::2], strict=True)))
        return Standing(
            accepted, processed, by_code, recent, rates if rates >= 0 else None, processed_countries
        )

    async def standing(self) -> Standing:
        """All counts that bear a valid seal: the others are as somebody else has left them."""
        async with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.hgetall(redis_keys.LIVE_SEALED)
            pipeline.hmget(redis_keys.TOTALS, "messages", "repeats")
            pipeline.hgetall(redis_keys.COUNTRIES)
            sealed, totals, by_name = await pipeline.execute(raise_on_error=False)
        if isinstance(sealed, Exception):
            raise sealed
        counts = {name: count for name, text in sealed.items() if (count := _unsealed(name, text))}
        by_code = {
            code: counts[_COUNTRY + name] for code, name in self._names.items() if _COUNTRY + name in counts
        }
        processed = sum(map(_count, totals)) if isinstance(totals, list) else 0
        processed_countries = self._processed_by_code(by_name) if isinstance(by_name, dict) else {}
        return Standing(
            counts.get("messages", 0), processed, by_code, processed_countries=processed_countries
        )

    def _processed_by_code(self, by_name: Mapping[str, str]) -> dict[str, int]:
        return {self._codes[name]: _count(text) for name, text in by_name.items() if name in self._codes}

    async def restore(self, recent: Iterable[Tweet], rate: Iterable[RateEntry]) -> None:
        """Writes `live:recent` and `live:rate` anew, oldest first; that of which nothing is given stays."""
        async with self._redis.pipeline(transaction=True) as pipeline:
            for number, tweet in enumerate(recent):
                if not number:
                    pipeline.delete(redis_keys.LIVE_RECENT)
                pipeline.xadd(redis_keys.LIVE_RECENT, _fields(tweet), maxlen=self.recent_tweets)
            for number, (second, accepted, processed) in enumerate(rate):
                if not number:
                    pipeline.delete(redis_keys.LIVE_RATE)
                entry = {"accepted": accepted, "processed": processed}
                pipeline.xadd(redis_keys.LIVE_RATE, entry, id=f"{second}000-0", maxlen=RATE_SECONDS)
            await pipeline.execute()

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


def _fields(tweet: Tweet) -> dict[Any, Any]:
    return {
        "id": tweet.id,
        "texto": tweet.text,
        "país": tweet.country,
        "codigo": tweet.code,
        "at": tweet.at,
    }


def _unsealed(name: str, text: str) -> int:
    """The count, 0 if it is not one that `publish.lua` has sealed under this name."""
    count, _, seal = text.partition(" ")
    digest = hashlib.sha1(f"{name} {count}".encode(), usedforsecurity=False).hexdigest()
    return int(count) if count.isdecimal() and seal == digest[:10] else 0


def _count(text: object) -> int:
    """What somebody else may have written in the place of a count."""
    return int(text) if isinstance(text, str) and text.isdecimal() else 0
