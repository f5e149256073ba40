"""The script against a real Redis: whoever writes what when, the sums are those of a plain model."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from streams.counters import Counters
from streams.tally import Counts, Tally
from weather_tweets import redis_keys


async def _read(redis: Redis) -> tuple[dict[str, int], dict[str, int]]:
    totals = await redis.hgetall(redis_keys.TOTALS)
    countries = await redis.hgetall(redis_keys.COUNTRIES)
    return {str(k): int(v) for k, v in totals.items()}, {str(k): int(v) for k, v in countries.items()}


async def test_counts_are_under_spanish_names_and_without_zeros(redis_url: str) -> None:
    async with Redis.from_url(redis_url, decode_responses=True) as redis:
        counters = Counters(redis)
        tally = Tally().counted(Counts(3, {"MX": 2, "ZZ": 1}, repeats=4), last=7)
        await counters.publish(0, tally, ["MX", "ZZ"])
        assert await _read(redis) == (
            {"messages": 3, "repeats": 4, "empty": 1},
            {"México": 2, "Desconocido": 1},
        )
        fields = await redis.hgetall("tally:0")
        epoch, offset, _ = fields.pop("position").split()
        assert (epoch, offset) == ("0", "7")
        assert fields == {
            "messages": "3", "repeats": "4", "empty": "1", "country:México": "2", "country:Desconocido": "1",
        }  # fmt: skip


async def test_partitions_that_publish_at_once_are_each_counted(redis_url: str) -> None:
    async with Redis.from_url(redis_url, decode_responses=True, max_connections=1) as redis:
        counters = Counters(redis)
        tallies = [
            Tally().counted(Counts(2 * n + 1, {"MX": n + 1, "GT": n}, dead=n), last=3 * n) for n in range(24)
        ]
        await asyncio.gather(
            *(counters.publish(n, tally, ["MX", "GT"][: 1 + n % 2]) for n, tally in enumerate(tallies))
        )
        assert await _read(redis) == (
            {"messages": 576, "dead": 276}, {"México": 300, "Guatemala": sum(range(1, 24, 2))},
        )  # fmt: skip
        assert await redis.hget(redis_keys.tally(23), "dead") == "23"


async def test_large_counts_are_exact(redis_url: str) -> None:
    async with Redis.from_url(redis_url, decode_responses=True) as redis:
        counters = Counters(redis)
        for count in (2**50 + 1, 2**50 + 2, 2**50 + 3):
            await counters.publish(0, Tally(messages=count, countries={"MX": count}), ["MX"])
        assert await _read(redis) == ({"messages": 2**50 + 3}, {"México": 2**50 + 3})


async def test_a_wiped_redis_is_whole_again_after_a_full_publication(redis_url: str) -> None:
    async with Redis.from_url(redis_url, decode_responses=True) as redis:
        counters = Counters(redis)
        tallies = {
            0: Tally().counted(Counts(3, {"MX": 2, "GT": 1}), last=2),
            1: Tally().counted(Counts(1, {"GT": 1}, dead=1), last=1),
        }
        await counters.publish_all(tallies)
        before = await _read(redis)
        await redis.flushall()
        # What one batch publishes is partial.
        await counters.publish(0, tallies[0], ["GT"])
        await counters.publish_all(tallies)
        assert await _read(redis) == before == ({"messages": 4, "dead": 1}, {"México": 2, "Guatemala": 2})


_TALLIES = {
    0: Tally().counted(Counts(3, {"MX": 2, "GT": 1}), last=2),
    1: Tally().counted(Counts(1, {"GT": 1}, dead=1), last=1),
}
_HASHES = ["countries", "totals", "tally:0", "tally:1", "countries:codes"]
_DAMAGE: dict[str, Callable[[Redis, str, str], Awaitable[Any]]] = {
    "deleted": lambda redis, key, _: redis.delete(key),
    "a string": lambda redis, key, _: redis.set(key, "7"),
    "a list": lambda redis, key, _: _instead(redis, key, redis.rpush(key, "7")),
    "a stream": lambda redis, key, _: _instead(redis, key, redis.xadd(key, {"messages": "7"})),
    "a field deleted": lambda redis, key, field: redis.hdel(key, field),
    "raised": lambda redis, key, field: redis.hset(key, field, "1000"),
    "lowered": lambda redis, key, field: redis.hset(key, field, "1"),
    "below zero": lambda redis, key, field: redis.hset(key, field, "-5"),
    "beyond all numbers": lambda redis, key, field: redis.hset(key, field, "9" * 400),
    "not a number": lambda redis, key, field: redis.hset(key, field, "nan"),
    "no whole number": lambda redis, key, field: redis.hset(key, field, "1.5"),
    "text": lambda redis, key, field: redis.hset(key, field, "mucho"),
    "another field": lambda redis, key, _: redis.hset(key, "country:Atlántida", "5"),
    "to expire": lambda redis, key, _: redis.pexpire(key, 1),
    "another partition's": lambda redis, key, _: redis.copy(
        "tally:1" if key == "tally:0" else "tally:0", key, replace=True
    ),
    "a wild position": lambda redis, key, _: redis.hset(key, "position", "99 9999 4102444800.0"),
}


async def _instead(redis: Redis, key: str, write: Awaitable[Any]) -> None:
    await redis.delete(key)
    await write


async def _everything(redis: Redis) -> dict[str, dict[str, str]]:
    found: dict[str, Any] = {key: await redis.hgetall(key) for key in _HASHES}
    for fields in found.values():
        fields.pop("position", None)
    return found


@pytest.mark.parametrize("damage", list(_DAMAGE))
@pytest.mark.parametrize("key", _HASHES)
async def test_whatever_somebody_does_to_a_key_full_publications_put_it_right(
    redis_url: str, key: str, damage: str
) -> None:
    async with Redis.from_url(redis_url, decode_responses=True) as redis:
        counters = Counters(redis, publish_seconds=0.2)
        await counters.publish_all(_TALLIES)
        before = await _everything(redis)
        field = next(field for field in before[key] if field != "dead")
        await _DAMAGE[damage](redis, key, field)
        # Batches go on all the while, and bring what is not whole.
        tallies = {0: _TALLIES[0].counted(Counts(1, {"MX": 1}), last=3), 1: _TALLIES[1]}
        await counters.publish(0, tallies[0], ["MX"])
        before["tally:0"] |= {"messages": "4", "country:México": "3"}
        before["countries"]["México"] = "3"
        before["totals"]["messages"] = "5"
        # The other partition is another worker's, which knows of this one that it is there.
        other = Counters(redis, publish_seconds=0.2)
        async with asyncio.timeout(30):
            right = False
            while not right:
                await asyncio.sleep(0.01)
                await counters.publish_all({0: tallies[0]}, partitions=2)
                await other.publish_all({1: tallies[1]}, partitions=2)
                right = await _everything(redis) == before


async def test_a_worker_that_is_behind_cannot_put_its_counts_in_the_place_of_later_ones(
    redis_url: str,
) -> None:
    async with Redis.from_url(redis_url, decode_responses=True) as redis:
        await Counters(redis).publish_all(_TALLIES)
        before = await _everything(redis)
        zombie = Counters(redis)
        await zombie.publish_all({0: Tally().counted(Counts(1, {"ES": 1}), last=1)})
        await zombie.publish(0, Tally().counted(Counts(1, {"ES": 1}), last=1), ["ES"])
        assert await _everything(redis) == before


async def test_a_position_that_nobody_confirms_guards_nothing_for_long(redis_url: str) -> None:
    """It was edited, or is that of a table that was lost: the counts that there are are the right ones."""
    async with Redis.from_url(redis_url, decode_responses=True) as redis:
        ahead = _TALLIES[0].counted(Counts(5, {"MX": 5}), last=7)
        await Counters(redis).publish_all({0: ahead, 1: _TALLIES[1]})
        before = await _read(redis)
        counters = Counters(redis, publish_seconds=0.3)
        await counters.publish_all(_TALLIES)
        assert await _read(redis) == before
        async with asyncio.timeout(30):
            while await _read(redis) != ({"messages": 4, "dead": 1}, {"México": 2, "Guatemala": 2}):
                await counters.publish_all(_TALLIES)


async def test_counts_of_partitions_that_a_topic_had_before_stay_in_the_sums(redis_url: str) -> None:
    async with Redis.from_url(redis_url, decode_responses=True) as redis:
        counters = Counters(redis)
        await counters.publish_all({**_TALLIES, 2: Tally(9, 10, {"ES": 10})})
        await counters.publish_all(_TALLIES, partitions=2)
        assert (await _read(redis))[1] == {"México": 2, "Guatemala": 2, "España": 10}


async def test_a_partition_that_is_published_for_the_first_time_does_not_hide_those_behind_it(
    redis_url: str,
) -> None:
    async with Redis.from_url(redis_url, decode_responses=True) as redis:
        await Counters(redis).publish_all({2: Tally(9, 10, {"ES": 10})}, partitions=3)
        await Counters(redis).publish_all({0: _TALLIES[0]}, partitions=3)
        assert (await _read(redis))[0] == {"messages": 13}


async def test_a_country_that_is_none_any_more_keeps_its_counter(redis_url: str) -> None:
    async with Redis.from_url(redis_url, decode_responses=True) as redis:
        counters = Counters(redis)
        await counters.publish(0, Tally().counted(Counts(1, {"QQ": 1}), last=0), ["QQ"])
        assert (await _read(redis))[1] == {"QQ": 1}


_batches = st.lists(
    st.tuples(
        st.integers(0, 2),  # partition
        st.dictionaries(st.sampled_from(["GT", "MX", "ES", "ZZ"]), st.integers(1, 5)),
        st.integers(0, 2),  # dead
        st.integers(0, 2),  # repeats
    ),
    max_size=12,
)


@pytest.mark.usefixtures("redis_url")
@settings(max_examples=60)
@given(batches=_batches, data=st.data())
def test_stale_writers_repeats_and_wipes_in_any_order_leave_the_sums_of_the_model(
    redis_server_url: str, batches: list[tuple[int, dict[str, int], int, int]], data: st.DataObject
) -> None:
    """Every version of every tally may be published again at any time, in part or whole, by anybody."""

    async def run() -> None:
        async with Redis.from_url(redis_server_url, decode_responses=True) as redis:
            await redis.flushall()
            counters = Counters(redis)
            latest: dict[int, Tally] = {}
            versions: list[tuple[int, Tally]] = []
            for partition, by_code, dead, repeats in batches:
                tally = latest.get(partition, Tally())
                counts = Counts(sum(by_code.values()), by_code, dead, repeats)
                tally = tally.counted(counts, last=tally.offset + 1)
                latest[partition] = tally
                versions.append((partition, tally))
                if data.draw(st.booleans()):
                    await counters.publish(partition, tally, by_code)
                for _ in range(data.draw(st.integers(0, 2))):
                    whose, stale = data.draw(st.sampled_from(versions))
                    if data.draw(st.booleans()):
                        await counters.publish_all({whose: stale})
                    else:
                        some = data.draw(st.lists(st.sampled_from([*stale.countries, ""]), max_size=2))
                        await counters.publish(whose, stale, [code for code in some if code])
                if data.draw(st.integers(0, 9)) == 0:
                    await redis.flushall()
            # What every worker does on assignment and every few seconds.
            await counters.publish_all(latest)
            totals, countries = await _read(redis)
            assert totals.get("messages", 0) == sum(t.messages for t in latest.values())
            assert totals.get("dead", 0) == sum(t.dead for t in latest.values())
            assert totals.get("repeats", 0) == sum(t.repeats for t in latest.values())
            model: Counter[str] = Counter()
            for tally in latest.values():
                model.update(tally.countries)
            names = {"GT": "Guatemala", "MX": "México", "ES": "España", "ZZ": "Desconocido"}
            assert countries == {names[code]: count for code, count in model.items()}

    asyncio.run(run())
