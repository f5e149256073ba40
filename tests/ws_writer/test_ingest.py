"""What the gateway feeds is in Redis, and what is no feed is refused."""

import asyncio
import gc
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.ws_writer.clients import TOKEN, Writer, close_code, frame, running, tweet, until


async def test_accepted_tweets_are_counted_by_country_in_redis(writer: Writer, redis: Any) -> None:
    async with writer.feed() as feed:
        await feed.send(frame(tweet("GT"), tweet("GT"), tweet("JP")))
        await feed.send(frame(tweet("GT")))
        assert await until(
            lambda: redis.hgetall("live:countries"), lambda counts: sum(map(int, counts.values())) == 4
        ) == {"Guatemala": "3", "Japón": "1"}
    assert await redis.hgetall("live:totals") == {"messages": "4"}
    assert writer.metric("weather_writer_tweets_ingested_total") == 4


async def test_the_last_tweets_are_kept_whole_and_trimmed(redis_url: str, redis: Any) -> None:
    async with running(redis_url, recent_tweets=50) as writer, writer.feed() as feed:
        sent = [tweet("AR", text=f"Su lluvia {n} 🌧") for n in range(400)]
        for start in range(0, 400, 100):
            await feed.send(frame(*sent[start : start + 100]))
        await until(lambda: redis.hget("live:totals", "messages"), lambda messages: messages == "400")
        entries = await redis.xrevrange("live:recent")
    # Redis trims whole nodes of a hundred entries.
    assert 50 <= len(entries) <= 250
    assert entries[0][1] == {
        "id": sent[-1].id,
        "texto": "Su lluvia 399 🌧",
        "país": "Argentina",
        "codigo": "AR",
        "at": str(sent[-1].at),
    }


async def test_a_code_that_is_no_country_counts_as_unknown(writer: Writer, redis: Any) -> None:
    async with writer.feed() as feed:
        await feed.send(frame(tweet()).replace('"GT"', '"../etc"'))
        await feed.send(frame(tweet("ZZ")))
        await until(lambda: redis.hgetall("live:countries"), lambda counts: counts == {"Desconocido": "2"})


async def test_every_second_has_one_entry_of_the_rate(writer: Writer, redis: Any) -> None:
    async with writer.feed() as feed:
        await feed.send(frame(*[tweet()] * 5))
        entries = await until(lambda: redis.xrange("live:rate"), lambda entries: len(entries) >= 2)
    assert sum(int(fields["accepted"]) for _, fields in entries) == 5
    assert all(entry.endswith("000-0") for entry, _ in entries)


@pytest.mark.parametrize("header", [None, "Bearer wrong", "Bearer ", f"Basic {TOKEN}", "Bearer ñandú"])
async def test_who_has_no_token_is_refused(writer: Writer, header: str | None) -> None:
    headers = {"Authorization": header} if header else {}
    with pytest.raises(InvalidStatus) as refused:
        await connect(writer.url("/ingest"), additional_headers=headers)
    assert refused.value.response.status_code == 401
    assert refused.value.response.headers["WWW-Authenticate"] == "Bearer"


async def test_without_a_configured_token_nobody_may_feed(
    redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(redis_url, token="") as writer:
        with pytest.raises(InvalidStatus) as refused:
            await connect(writer.url("/ingest"), additional_headers={"Authorization": "Bearer "})
    assert refused.value.response.status_code == 401
    assert "/ingest is closed: WEATHER_WRITER_TOKEN is empty" in caplog.text


@pytest.mark.parametrize(
    "message",
    ["hello", "{}", '{"texto": "x"}', '[{"texto": "x"}]', "[1]", "", '[{"id":1}]', "[" * 10_000, b"[]"],
)
async def test_what_is_no_array_of_tweets_closes_the_feed_with_1007(
    writer: Writer, redis: Any, message: str | bytes
) -> None:
    async with writer.feed() as feed:
        await feed.send(frame(tweet()))
        await feed.send(message)
        assert await close_code(feed) == 1007
    async with writer.feed() as feed:
        await feed.send(frame(tweet()))
        await until(lambda: redis.hget("live:totals", "messages"), lambda messages: messages == "2")


async def test_invalid_utf8_closes_the_feed_with_1007(writer: Writer) -> None:
    async with writer.feed() as feed:
        await feed.send(b'["\xff"]', text=True)
        assert await close_code(feed) == 1007


async def test_an_oversized_frame_closes_the_feed_with_1009(redis_url: str, redis: Any) -> None:
    async with running(redis_url, max_frame_bytes=100_000) as writer:
        async with writer.feed() as feed:
            await feed.send(frame(*[tweet(text="x" * 1000)] * 100))
            assert await close_code(feed) == 1009
        async with writer.feed() as feed:
            await feed.send(frame(*[tweet(text="x" * 1000)] * 50))
            await until(lambda: redis.hget("live:totals", "messages"), lambda messages: messages == "50")


async def test_a_feed_that_hangs_up_in_the_middle_of_a_frame_harms_nobody(writer: Writer, redis: Any) -> None:
    async with writer.feed() as feed:
        await feed.send(frame(tweet()))
        feed.transport.write(b"\x81\xfe\x10\x00half a frame")
        await asyncio.sleep(0)
        feed.transport.abort()
    async with writer.feed() as feed:
        await feed.send(frame(tweet()))
        await until(lambda: redis.hget("live:totals", "messages"), lambda messages: messages == "2")
    gc.collect()
