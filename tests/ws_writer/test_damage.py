"""What anybody does to the live view's keys, and what Redis refuses for a time, is over in a second."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from redis.asyncio import Redis

from tests import refusing_redis as refusing
from tests.refusing_redis import RefusingRedis
from tests.ws_writer.clients import Writer, frame, running, tweet, until

_KEYS = ["live:countries", "live:totals", "live:sealed", "live:recent", "live:rate"]
_DAMAGE: dict[str, Callable[[Any, str, str], Awaitable[Any]]] = {
    "deleted": lambda redis, key, _: redis.delete(key),
    "a string": lambda redis, key, _: redis.set(key, "7"),
    "a list": lambda redis, key, _: _instead(redis, key, lambda: redis.rpush(key, "7")),
    "a hash": lambda redis, key, _: _instead(redis, key, lambda: redis.hset(key, "messages", "7")),
    "a stream": lambda redis, key, _: _instead(redis, key, lambda: redis.xadd(key, {"messages": "7"})),
    "raised": lambda redis, key, field: redis.hset(key, field, "1000"),
    "lowered": lambda redis, key, field: redis.hset(key, field, "1"),
    "below zero": lambda redis, key, field: redis.hset(key, field, "-5"),
    "text": lambda redis, key, field: redis.hset(key, field, "mucho"),
    "another field": lambda redis, key, _: redis.hset(key, "Atlántida", "5"),
    "a country that nobody has sent": lambda redis, key, _: redis.hset(key, "Perú", "5"),
    "trimmed": lambda redis, key, _: redis.xtrim(key, maxlen=1, approximate=False),
}
_OF_STREAMS = {"deleted", "a string", "a list", "a hash", "trimmed"}
_STREAMS = ("live:recent", "live:rate")


async def _instead(redis: Any, key: str, write: Callable[[], Awaitable[Any]]) -> None:
    await redis.delete(key)
    await write()


async def _counts(redis: Any) -> tuple[dict[str, str], dict[str, str]]:
    return await redis.hgetall("live:countries"), await redis.hgetall("live:totals")


@pytest.mark.parametrize(
    ("key", "damage"),
    [
        (key, damage)
        for key in _KEYS
        for damage in _DAMAGE
        if (damage in _OF_STREAMS if key in _STREAMS else damage != "trimmed")
        if not (damage == "a hash" and key in ("live:countries", "live:totals", "live:sealed"))
    ],
)
async def test_whatever_somebody_does_to_a_key_the_writer_puts_it_right(
    writer: Writer, redis: Any, key: str, damage: str
) -> None:
    # The rate has an entry a second: once a key that is no stream is enough to see that it goes on, too.
    waits_for_rate = key in _STREAMS or damage == "deleted"
    async with writer.feed() as feed:
        await feed.send(frame(*[tweet("GT")] * 5, *[tweet("MX")] * 3))
        await until(lambda: redis.hget("live:totals", "messages"), lambda count: count == "8")
        if waits_for_rate:
            await until(lambda: redis.xlen("live:rate"), lambda entries: entries >= 2)
        field = "messages" if key == "live:totals" else "Guatemala"
        entries = await redis.xlen("live:rate")
        await _DAMAGE[damage](redis, key, field)
        await feed.send(frame(tweet("GT")))
        right = {"Guatemala": "6", "México": "3"}, {"messages": "9"}
        await until(lambda: _true(redis, right), lambda is_so: is_so)
        await until(lambda: redis.type("live:recent"), lambda kind: kind == "stream")
        await until(lambda: redis.xlen("live:recent"), lambda count: count == 9)
        if waits_for_rate:
            await until(lambda: redis.type("live:rate"), lambda kind: kind == "stream")
            await until(lambda: redis.xlen("live:rate"), lambda count: count > entries)


async def _true(redis: Any, right: tuple[dict[str, str], dict[str, str]]) -> bool:
    kinds = [await redis.type(key) for key in ("live:countries", "live:totals")]
    return kinds == ["hash", "hash"] and await _counts(redis) == right


async def test_what_somebody_raised_is_not_learned_by_several_writers(redis_url: str, redis: Any) -> None:
    async with (
        running(redis_url) as one,
        running(redis_url) as two,
        one.feed() as first,
        two.feed() as second,
        one.viewer() as viewer,
    ):
        await first.send(frame(*[tweet("GT")] * 5))
        await second.send(frame(*[tweet("GT")] * 5))
        await until(lambda: redis.hget("live:totals", "messages"), lambda count: count == "10")
        for _ in range(20):
            await redis.hincrby("live:totals", "messages", 1000)
            await redis.hincrby("live:countries", "Guatemala", 1000)
            await first.send(frame(tweet("GT")))
            await second.send(frame(tweet("GT")))
            await asyncio.sleep(0.02)
        right = {"Guatemala": "50"}, {"messages": "50"}
        await until(lambda: _true(redis, right), lambda is_so: is_so)
        await viewer.see_until(lambda seen: seen.accepted == 50)
        assert max(viewer.accepted_seen) == 50


@pytest.mark.usefixtures("writer")
async def test_an_entry_of_the_future_does_not_end_the_rate(redis: Any) -> None:
    await until(lambda: redis.xlen("live:rate"), lambda entries: entries >= 1)
    await redis.xadd("live:rate", {"accepted": 1, "processed": 1}, id="99999999999000-0")
    last = redis.xrevrange
    await until(lambda: last("live:rate", count=1), lambda entries: not entries[0][0].startswith("99999"))
    assert await redis.xlen("live:rate") >= 1


async def test_a_writers_own_number_that_was_raised_hides_no_batch(writer: Writer, redis: Any) -> None:
    async with writer.feed() as feed:
        await feed.send(frame(tweet("GT")))
        await until(lambda: redis.hget("live:totals", "messages"), lambda count: count == "1")
        (key,) = [key async for key in redis.scan_iter("live:writer:*")]
        await redis.set(key, "1000000")
        await feed.send(frame(tweet("GT")))
        await until(lambda: redis.hget("live:totals", "messages"), lambda count: count == "2")


async def test_a_writer_starts_over_keys_of_other_types(redis_url: str, redis: Any) -> None:
    for key in [*_KEYS, "totals"]:
        await redis.rpush(key, "7")
    async with running(redis_url) as writer, writer.feed() as feed:
        await feed.send(frame(tweet("GT")))
        await until(lambda: _true(redis, ({"Guatemala": "1"}, {"messages": "1"})), lambda is_so: is_so)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RefusingRedis]:
    server = RefusingRedis(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.kill()


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (refusing.out_of_memory, "its memory is full"),
        (refusing.read_only, "it is a replica"),
        (refusing.without_its_primary, "it is a replica that has lost"),
        (refusing.without_replicas, "it has fewer replicas"),
        (refusing.busy, "somebody's script"),
        (refusing.loading, "it is still loading"),
        (refusing.with_another_password, "it does not take the user and password"),
    ],
)
async def test_a_refusal_is_waited_for_and_health_says_why(
    server: RefusingRedis, state: Callable[[RefusingRedis], AbstractContextManager[None]], reason: str
) -> None:
    with server.client() as client:
        client.flushall()
    async with running(server.url) as writer, writer.feed() as feed:
        await feed.send(frame(tweet("GT")))
        context = state(server)
        await asyncio.to_thread(context.__enter__)
        await feed.send(frame(tweet("GT")))
        await until(writer.health, lambda health: health.get("reason", "").startswith(reason))
        await asyncio.to_thread(context.__exit__, None, None, None)
        async with Redis.from_url(server.url, decode_responses=True) as redis:
            await until(lambda: _true(redis, ({"Guatemala": "2"}, {"messages": "2"})), lambda is_so: is_so)
        await until(writer.health, lambda health: health["redis"] == "up")
