"""Redis may be away, slow to answer, wiped or restarted: counts stay right."""

import asyncio
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis as RedisClient

from operations.local.ports import free_port
from operations.local.redis import Redis
from tests.ws_writer.clients import Writer, frame, running, tweet, until
from weather_tweets.metrics import WriterMetrics
from ws_writer.accepted import Accepted
from ws_writer.processed import Processed
from ws_writer.rate import Rate
from ws_writer.recording import Recorder
from ws_writer.store import LiveStore
from ws_writer.view import LiveView


async def test_totals_survive_a_restart_of_the_writer(redis_url: str) -> None:
    async with running(redis_url) as writer, writer.feed() as feed, writer.viewer() as viewer:
        await feed.send(frame(tweet("GT", "antes"), tweet("MX")))
        await viewer.see_until(lambda seen: seen.accepted == 2 and len(seen.rate) > 0)
    async with running(redis_url) as writer, writer.feed() as feed, writer.viewer() as viewer:
        await viewer.see_until(lambda seen: seen.accepted == 2)
        await feed.send(frame(tweet("GT", "después")))
        await viewer.see_until(lambda seen: seen.accepted == 3 and len(seen.rate) > 0)
        assert viewer.countries == {"GT": 2, "MX": 1}
        # What was counted before is no burst of this second.
        assert sum(accepted for _, accepted, _ in viewer.rate) <= 3
    async with running(redis_url) as writer, writer.viewer() as viewer:
        await viewer.see_until(lambda seen: seen.accepted == 3)
        async with writer.viewer() as late:
            assert "antes" in late.texts
            assert "después" in late.texts


async def test_a_wiped_redis_gets_the_counts_back_and_viewers_never_see_less(
    writer: Writer, redis: Any
) -> None:
    async with writer.feed() as feed, writer.viewer() as viewer:
        await feed.send(frame(*[tweet("GT")] * 5, *[tweet("MX")] * 3))
        await redis.hset("totals", "messages", 8)
        await viewer.see_until(lambda seen: (seen.accepted, seen.processed) == (8, 8))
        await until(lambda: redis.hget("live:totals", "messages"), lambda messages: messages == "8")
        await redis.flushall()
        await feed.send(frame(tweet("GT")))
        await viewer.see_until(lambda seen: seen.accepted == 9)
        await until(
            lambda: redis.hgetall("live:countries"),
            lambda counts: counts == {"Guatemala": "6", "México": "3"},
        )
        assert await redis.hget("live:totals", "messages") == "9"
        assert viewer.accepted_seen == sorted(viewer.accepted_seen)
        assert viewer.processed == 8


async def test_while_redis_is_away_counting_goes_on_and_nothing_is_lost(
    redis_server: Redis, redis_url: str
) -> None:
    async with running(redis_url) as writer, writer.feed() as feed, writer.viewer() as viewer:
        await feed.send(frame(*[tweet("GT")] * 5))
        await viewer.see_until(lambda seen: seen.accepted == 5)
        await asyncio.to_thread(redis_server.stop)
        for _ in range(10):
            await feed.send(frame(*[tweet("JP")] * 10))
        await viewer.see_until(lambda seen: seen.accepted == 105)
        await asyncio.to_thread(redis_server.start)
        async with RedisClient.from_url(redis_url, decode_responses=True) as redis:
            await until(lambda: redis.hget("live:totals", "messages"), lambda messages: messages == "105")
            await until(
                lambda: redis.hgetall("live:countries"),
                lambda counts: counts == {"Guatemala": "5", "Japón": "100"},
            )
        assert viewer.accepted_seen == sorted(viewer.accepted_seen)
        assert writer.metric("weather_writer_tweets_dropped_total") == 0


async def test_a_writer_starts_without_redis_and_what_it_cannot_write_is_counted_as_dropped() -> None:
    nowhere = f"redis://127.0.0.1:{free_port()}/0"
    async with (
        running(nowhere, drain_seconds=0.2) as writer,
        writer.feed() as feed,
        writer.viewer() as viewer,
    ):
        await feed.send(frame(tweet(), tweet()))
        await viewer.see_until(lambda seen: seen.accepted == 2)
    assert writer.metric("weather_writer_tweets_dropped_total") == 2


async def test_a_redis_that_refuses_writes_is_tried_again(writer: Writer, redis: Any) -> None:
    await redis.set("live:countries", "not a hash")
    async with writer.feed() as feed, writer.viewer() as viewer:
        await feed.send(frame(tweet()))
        await viewer.see_until(lambda seen: seen.accepted == 1)
        await redis.delete("live:countries")
        await until(lambda: redis.hget("live:totals", "messages"), lambda messages: messages == "1")


async def test_a_batch_whose_answer_was_lost_is_counted_once(redis_url: str, redis: Any) -> None:
    accepted = Accepted(recent_tweets=10)
    store = LiveStore(redis_url, recent_tweets=10)
    accepted.add([tweet("GT"), tweet("GT"), tweet("MX")])
    lost = accepted.take()
    await store.publish(lost, known=0, known_countries={}, rate=[(100, 3, 0)])
    # No answer came: the writer sends the same batch again, though more has arrived.
    accepted.add([tweet("GT")])
    again = accepted.take()
    assert again is lost
    standing = await store.publish(again, known=0, known_countries={}, rate=[(100, 3, 0)])
    accepted.confirm(standing.accepted, standing.countries)
    assert (standing.accepted, standing.countries) == (3, {"GT": 2, "MX": 1})
    rest = await store.publish(
        accepted.take(), known=accepted.stored_messages, known_countries=accepted.stored, rate=[]
    )
    accepted.confirm(rest.accepted, rest.countries)
    assert (accepted.messages, accepted.waiting) == (4, 0)
    assert accepted.by_country() == {"GT": 3, "MX": 1}
    assert await redis.xlen("live:recent") == 4
    assert await redis.xlen("live:rate") == 1
    await store.close()


async def test_what_arrives_before_redis_is_asked_is_in_the_rate_once(redis_url: str) -> None:
    accepted, rate = Accepted(recent_tweets=10), Rate(seconds=10)
    store = LiveStore(redis_url, recent_tweets=10)
    recorder = Recorder(
        store,
        accepted,
        Processed(),
        rate,
        LiveView(),
        WriterMetrics(CollectorRegistry()),
        on_change=lambda: None,
        is_watched=lambda: False,
    )
    accepted.add([tweet("GT")] * 5)
    recorder.tick(rate.tick(100, accepted.messages, 0))
    task = asyncio.create_task(recorder.run())
    await until(lambda: asyncio.sleep(0, accepted.waiting), lambda waiting: waiting == 0)
    assert rate.tick(101, accepted.messages, 0) == (101, 0, 0)
    recorder.end(1.0)
    await task
    await store.close()


async def test_whatever_is_in_redis_does_not_stop_a_writer(redis_url: str, redis: Any) -> None:
    await redis.hset("live:countries", mapping={"Atlántida": "7", "Guatemala": "2"})
    await redis.hset("live:totals", "messages", "2")
    await redis.xadd("live:recent", {"texto": "solo"})
    await redis.xadd("live:rate", {"accepted": "1"}, id="5000-0")
    async with running(redis_url) as writer, writer.viewer() as viewer:
        await viewer.see_until(lambda seen: seen.accepted == 2)
        assert viewer.countries == {"GT": 2}


@pytest.mark.parametrize("counts", [[5, 3, 2], [5, 0, 4]])
async def test_a_count_that_shrank_in_redis_is_raised_again(
    writer: Writer, redis: Any, counts: list[int]
) -> None:
    async with writer.feed() as feed:
        for count in counts:
            await feed.send(frame(*[tweet("PE")] * count)) if count else None
            await redis.hset("live:totals", "messages", 0)
        await until(lambda: redis.hget("live:countries", "Perú"), lambda n: n == str(sum(counts)))
        await until(lambda: redis.hget("live:totals", "messages"), lambda n: n == str(sum(counts)))
