"""What was accepted goes to the WebSocket writer, and never slows a request."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from gateway.feed import MAX_FRAME_BYTES
from operations.local.ports import free_port
from protos import tweets_pb2
from tests.gateway.doors import TWEET, opened
from tests.gateway.producers import FakeProducer, rejecting
from weather_tweets.tweet import decode_many

TOKEN = "a token"


class Writer:
    """A writer that keeps what it gets."""

    def __init__(self) -> None:
        self.port = free_port()
        self.frames: list[str] = []
        self.connections = 0

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ingest"

    @property
    def ids(self) -> list[str]:
        return [tweet.id for frame in self.frames for tweet in decode_many(frame)]

    async def wait_for_tweets(self, count: int) -> None:
        async with asyncio.timeout(30):
            while len(self.ids) < count:
                await asyncio.sleep(0.01)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Server]:
        def let_in(connection: ServerConnection, request: Request) -> Response | None:
            if request.headers.get("Authorization") != f"Bearer {TOKEN}":
                return connection.respond(401, "no\n")
            return None

        async def ingest(connection: ServerConnection) -> None:
            self.connections += 1
            async for frame in connection:
                assert isinstance(frame, str)
                self.frames.append(frame)

        async with serve(ingest, "127.0.0.1", self.port, process_request=let_in) as server:
            yield server


def feeding(writer: Writer, producer: FakeProducer, **settings: Any) -> Any:
    return opened(
        **{
            "producer_target": producer.target,
            "writer_url": writer.url,
            "writer_token": TOKEN,
            **settings,
        }
    )


async def test_accepted_tweets_are_fed_in_batches_over_one_connection(producer: FakeProducer) -> None:
    writer = Writer()
    async with writer.listening(), feeding(writer, producer) as door:
        answer = await door.post([TWEET] * 1000)
        ids = list(answer.json()["ids"])
        ids += [(await door.post()).json()["id"] for _ in range(5)]
        await writer.wait_for_tweets(1005)
        assert writer.ids == ids
        assert writer.connections == 1
        assert len(writer.frames) <= 6
        assert json.loads(writer.frames[0])[0]["país"] == "Guatemala"
        assert door.metric("feed_dropped_tweets_total") == 0


async def test_what_was_refused_is_not_fed(producer: FakeProducer) -> None:
    writer = Writer()
    async with writer.listening(), feeding(writer, producer) as door:
        producer.answer = rejecting(tweets_pb2.REASON_UNAVAILABLE, only=0)
        assert (await door.post()).status == 503
        assert (await door.post([TWEET, TWEET])).status == 503
        producer.answer = lambda _: ()
        last = (await door.post()).json()["id"]
        # Of the array the second tweet is in Kafka, so it is fed: it will be processed as well.
        await writer.wait_for_tweets(2)
        assert writer.ids == [producer.tweets[2].id, last]


async def test_without_a_writer_tweets_are_taken_and_the_oldest_leave_the_buffer(
    producer: FakeProducer,
) -> None:
    writer = Writer()
    async with feeding(writer, producer, feed_buffer=10) as door:
        ids = [(await door.post()).json()["id"] for _ in range(15)]
        assert door.metric("feed_dropped_tweets_total") == 5
        async with writer.listening():
            await writer.wait_for_tweets(10)
        assert writer.ids == ids[5:]


async def test_a_writer_that_restarts_is_found_again(producer: FakeProducer) -> None:
    writer = Writer()
    async with feeding(writer, producer) as door:
        for count in (1, 2):
            async with writer.listening():
                await door.post()
                await writer.wait_for_tweets(count)
    assert writer.connections == 2


async def test_the_wrong_token_feeds_nothing_and_hurts_no_request(producer: FakeProducer) -> None:
    writer = Writer()
    async with writer.listening(), feeding(writer, producer, writer_token="another") as door:
        assert (await door.post()).status == 202
        assert writer.connections == 0


async def test_what_is_buffered_is_fed_before_the_end(producer: FakeProducer) -> None:
    writer = Writer()
    async with writer.listening():
        async with feeding(writer, producer) as door:
            async with asyncio.timeout(30):
                while not writer.connections:
                    await asyncio.sleep(0.01)
            await door.post([TWEET] * 500)
        await writer.wait_for_tweets(500)


async def test_text_that_is_as_large_as_it_may_be_goes_in_frames_that_the_writer_takes(
    producer: FakeProducer,
) -> None:
    writer = Writer()
    async with writer.listening(), feeding(writer, producer) as door:
        body = msgspec.json.encode([{"texto": "😂" * 4096, "país": "Perú"}] * 60)
        for _ in range(6):
            assert (await door.post_bytes(body)).status == 202
        await writer.wait_for_tweets(360)
        assert writer.connections == 1
        assert max(len(frame.encode()) for frame in writer.frames) <= MAX_FRAME_BYTES
