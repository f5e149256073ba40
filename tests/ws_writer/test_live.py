"""What viewers see, and who may be one."""

import asyncio
import json
import socket
import urllib.request
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.raw_http import check_head
from tests.ws_writer.clients import Writer, close_code, frame, running, tweet, until
from ws_writer.broadcast import PAUSE_SECONDS, SHARE_OF_TIME, pause_seconds
from ws_writer.view import RECENT_IN_DELTA, TEXT_CHARACTERS, TWEETS_PAUSE_MS


@pytest.mark.parametrize("path", ["/live", "/", "/live?lang=es"])
async def test_a_viewer_is_shown_a_snapshot_first_and_then_what_changes(writer: Writer, path: str) -> None:
    async with writer.feed() as feed, writer.viewer(path) as viewer:
        await feed.send(frame(tweet("GT", "Llueve"), tweet("JP", "雨が降る")))
        await viewer.see_until(lambda seen: seen.accepted == 2)
    assert viewer.kinds[0] == "snapshot"
    assert set(viewer.kinds[1:]) == {"delta"}
    assert viewer.countries == {"GT": 1, "JP": 1}
    assert viewer.texts == ["雨が降る", "Llueve"]


async def test_who_comes_late_is_shown_all_that_was(writer: Writer) -> None:
    async with writer.feed() as feed, writer.viewer() as early:
        await feed.send(frame(*[tweet("BR", f"Chuva {n}") for n in range(30)]))
        await early.see_until(lambda seen: seen.accepted == 30 and len(seen.rate) > 0)
        async with writer.viewer() as late:
            assert late.kinds == ["snapshot"]
            assert (late.accepted, late.countries) == (30, {"BR": 30})
            assert late.texts == [f"Chuva {n}" for n in reversed(range(30))]
            assert late.rate[: len(early.rate)] == early.rate
    # A delta is for reading: the newest twenty.
    assert early.texts == [f"Chuva {n}" for n in reversed(range(10, 30))]


async def test_deltas_come_at_most_once_per_pause_and_tweets_ten_times_a_second(writer: Writer) -> None:
    async with writer.feed() as feed, writer.viewer() as viewer:
        deltas = []
        for n in range(200):
            await feed.send(frame(*[tweet()] * 10))
            if n % 20 == 0:
                await asyncio.sleep(0.05)
        while viewer.accepted < 2000 or len(viewer.texts) < 2 * RECENT_IN_DELTA:
            deltas.append(await viewer.see())
    milliseconds = deltas[-1]["at"] - deltas[0]["at"]
    assert len(deltas) <= milliseconds / (PAUSE_SECONDS[0] * 1000) + 2
    assert len([delta for delta in deltas if delta.get("recent")]) <= milliseconds / TWEETS_PAUSE_MS + 2


def test_the_pause_follows_what_a_delta_costs() -> None:
    shortest, longest = PAUSE_SECONDS
    assert pause_seconds(0.0) == shortest
    assert pause_seconds(0.005) == 0.005 / SHARE_OF_TIME
    assert pause_seconds(1.0) == longest


async def test_the_rate_comes_once_a_second(writer: Writer) -> None:
    async with writer.feed() as feed, writer.viewer() as viewer:
        await feed.send(frame(*[tweet()] * 7))
        await viewer.see_until(lambda seen: len(seen.rate) >= 2)
    seconds = [second for second, _, _ in viewer.rate]
    assert seconds == sorted(set(seconds))
    assert sum(accepted for _, accepted, _ in viewer.rate) == 7


async def test_what_came_another_way_than_the_gateway_was_accepted_too(writer: Writer, redis: Any) -> None:
    async with writer.feed() as feed, writer.viewer() as viewer:
        await feed.send(frame(*[tweet("GT")] * 3))
        # One of the three was a client's repeat; two from Guatemala and one from Japan came through Kafka.
        await redis.hset("totals", mapping={"messages": 5, "repeats": 1})
        await redis.hset("countries", mapping={"Guatemala": 4, "Japón": 1})
        await viewer.see_until(lambda seen: seen.countries == {"GT": 4, "JP": 1} and seen.processed == 6)
        assert viewer.accepted == 6
        await feed.send(frame(tweet("JP"), tweet("JP")))
        await viewer.see_until(lambda seen: seen.countries == {"GT": 4, "JP": 2})
        assert viewer.accepted == 6
        # And nothing of it is written as what the gateways accepted.
        assert (await redis.hgetall("live:countries"))["Guatemala"] == "3"


async def test_what_streams_processed_is_shown_beside_it(writer: Writer, redis: Any) -> None:
    async with writer.viewer() as viewer:
        await redis.hset("totals", "messages", 5)
        await viewer.see_until(lambda seen: seen.processed == 5)


async def test_long_texts_are_cut_for_viewers(writer: Writer) -> None:
    async with writer.feed() as feed, writer.viewer() as viewer:
        await feed.send(frame(tweet(text="ñ" * 4096)))
        await viewer.see_until(lambda seen: seen.accepted == 1)
    assert viewer.texts == ["ñ" * (TEXT_CHARACTERS - 1) + "…"]


async def test_two_writers_show_their_viewers_the_same(redis_url: str) -> None:
    async with (
        running(redis_url) as one,
        running(redis_url) as other,
        one.feed() as feed_one,
        other.feed() as feed_other,
        one.viewer() as viewer_one,
        other.viewer() as viewer_other,
    ):
        for n in range(8):
            await feed_one.send(frame(tweet("MX", f"uno {n}")))
            await feed_other.send(frame(tweet("ES", f"dos {n}")))
        for viewer in (viewer_one, viewer_other):
            await viewer.see_until(lambda seen: seen.accepted == 16 and len(seen.texts) == 16)
            assert viewer.countries == {"MX": 8, "ES": 8}
            assert len(set(viewer.texts)) == 16


async def test_what_a_viewer_sends_is_ignored(writer: Writer, redis: Any) -> None:
    async with writer.viewer() as viewer, writer.feed() as feed:
        await viewer.connection.send(frame(tweet()))
        await viewer.connection.send("anything")
        await feed.send(frame(tweet()))
        await viewer.see_until(lambda seen: seen.accepted == 1)
    assert await redis.hget("live:totals", "messages") in (None, "1")


async def test_a_viewer_that_sends_much_is_closed(writer: Writer) -> None:
    async with writer.viewer() as viewer:
        await viewer.connection.send("x" * 10_000)
        assert await close_code(viewer.connection) == 1009


async def test_a_viewer_that_never_reads_is_dropped_and_the_others_see_on(writer: Writer) -> None:
    lazy = socket.socket()
    lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    lazy.setblocking(False)
    await asyncio.get_running_loop().sock_connect(lazy, ("127.0.0.1", writer.port))
    await asyncio.get_running_loop().sock_sendall(
        lazy,
        b"GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    )

    async def dropped() -> float:
        return writer.metric("weather_writer_viewers_dropped_total")

    async with writer.feed() as feed, writer.viewer() as viewer:
        long = [tweet(text="ñ" * 400)] * 20
        sent = 0
        while not await dropped() and sent < 20_000:
            await feed.send(frame(*long))
            sent += len(long)
            await viewer.see()
        assert await until(dropped, bool) == 1
        await feed.send(frame(tweet("GT", "sigue")))
        await viewer.see_until(lambda seen: seen.accepted == sent + 1)
        assert writer.metric("weather_writer_viewers") == 1
    lazy.close()


async def test_there_are_no_more_viewers_than_the_limit(redis_url: str) -> None:
    async with running(redis_url, max_viewers=2) as writer:
        async with writer.viewer(), writer.viewer():
            with pytest.raises(InvalidStatus) as refused:
                await connect(writer.url("/live"))
            assert refused.value.response.status_code == 503
            assert refused.value.response.headers["Retry-After"]
            assert writer.metric("weather_writer_viewers_refused_total", reason="limit") == 1
        async with writer.viewer() as viewer:
            assert viewer.kinds == ["snapshot"]


async def test_of_many_that_come_at_once_no_more_than_the_limit_stay(redis_url: str) -> None:
    async def come(writer: Writer) -> ClientConnection | None:
        try:
            connection = await connect(writer.url("/live"))
            await connection.recv()
        except (ConnectionClosed, InvalidStatus):
            return None
        return connection

    async with running(redis_url, max_viewers=5) as writer:
        stayed = [each for each in await asyncio.gather(*(come(writer) for _ in range(20))) if each]
        assert len(stayed) == 5
        for connection in stayed:
            await connection.close()


@pytest.mark.parametrize(
    ("allowed", "origin", "status"),
    [
        ("", None, 101),
        ("", "http://127.0.0.1:8000", 101),
        ("", "http://localhost:8000", 101),
        ("", "https://evil.example", 403),
        ("", "null", 403),
        ("", "http://[broken", 403),
        ("https://weather.example", "https://weather.example", 101),
        ("https://other.example, https://Weather.example/", "https://weather.example", 101),
        ("https://weather.example", "https://weather.example.evil.example", 403),
        ("https://weather.example", "http://127.0.0.1:8000", 403),
        ("https://weather.example", None, 101),
        ("*", "https://anywhere.example", 101),
    ],
)
async def test_only_pages_of_allowed_origins_may_watch(
    redis_url: str, allowed: str, origin: str | None, status: int
) -> None:
    async with running(redis_url, origins=allowed) as writer:
        headers = {"Origin": origin} if origin else {}
        try:
            async with connect(writer.url("/live"), additional_headers=headers) as connection:
                assert connection.response is not None
                answered = connection.response.status_code
        except InvalidStatus as refused:
            answered = refused.response.status_code
        assert answered == status
        assert writer.metric("weather_writer_viewers_refused_total", reason="origin") == (status == 403)


@pytest.mark.parametrize("compression", ["deflate", None])
async def test_viewers_read_with_and_without_compression(writer: Writer, compression: Any) -> None:
    async with writer.feed() as feed, connect(writer.url("/live"), compression=compression) as connection:
        await connection.recv()
        await feed.send(frame(*[tweet(text="lluvia " * 50)] * 20))
        while not (seen := json.loads(await connection.recv())).get("recent"):
            pass
        assert len(seen["recent"]) == 20


async def test_health_and_metrics_answer_on_the_same_port(writer: Writer) -> None:
    def get(path: str) -> tuple[int, str, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{writer.port}{path}", timeout=10) as answer:
                return answer.status, answer.headers["Content-Type"], answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers["Content-Type"], error.read().decode()

    async def healthz() -> Any:
        return await asyncio.to_thread(get, "/healthz")

    status, kind, _ = await until(healthz, lambda answer: '"up"' in answer[2])
    assert (status, kind) == (200, "application/json")
    status, kind, body = await asyncio.to_thread(get, "/metrics")
    assert status == 200
    assert kind.startswith("text/plain; version=")
    assert "weather_writer_viewers 0.0" in body
    assert (await asyncio.to_thread(get, "/nothing"))[0] == 404
    await asyncio.to_thread(check_head, writer.port, "/healthz", "/metrics", "/nothing")
    # A plain request where a WebSocket is expected.
    assert (await asyncio.to_thread(get, "/live"))[0] == 426
