"""Who sees what became of tweets."""

import asyncio

import msgspec
from redis.asyncio import Redis
from websockets.asyncio.server import ServerConnection, serve

from bench.watchers import Tallies, Viewer
from weather_tweets import redis_keys


async def test_a_record_is_counted_when_the_tally_of_its_partition_is_beyond_its_offset(
    redis_url: str,
) -> None:
    tallies = Tallies(redis_url, partitions=2)
    watching = asyncio.create_task(tallies.watch())
    async with Redis.from_url(redis_url) as redis:
        await redis.hset(redis_keys.tally(1), mapping={"messages": 2, "dead": 1})
        await tallies.wait_for(3)
        assert tallies.counted_at(1, 3) is None
        assert tallies.counted_at(0, 0) is None
        await redis.hset(redis_keys.tally(1), mapping={"messages": 2, "dead": 1, "repeats": 1})
        await tallies.wait_for(4)
    first, last = tallies.counted_at(1, 0), tallies.counted_at(1, 3)
    assert first is not None
    assert last is not None
    assert first < last
    watching.cancel()
    await asyncio.wait([watching])


async def test_a_viewer_is_shown_the_counts_that_come_after_the_first() -> None:
    async def live(viewer: ServerConnection) -> None:
        for countries in ({"GT": 5}, {"GT": 7, "MX": 1}, {}):
            await viewer.send(msgspec.json.encode({"countries": countries}), text=True)

    async with serve(live, "127.0.0.1", 0) as server:
        viewer = Viewer(f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/live")
        await viewer.watch()
    assert viewer.ready.is_set()
    assert viewer.shown_at("GT", 0) == viewer.shown_at("GT", 1)
    assert viewer.shown_at("GT", 0) is not None
    assert viewer.shown_at("GT", 2) is None
    assert viewer.shown_at("MX", 0) is not None
