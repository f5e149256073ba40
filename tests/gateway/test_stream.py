"""The stream to the producer: micro-batches, and what happens when it breaks."""

import asyncio
import contextlib

import pytest

from protos import tweets_pb2
from tests.gateway.doors import TWEET, Answer, Door, opened
from tests.gateway.producers import FakeProducer, rejecting


async def test_what_waits_while_batches_are_on_their_way_goes_in_one(
    door: Door, producer: FakeProducer
) -> None:
    producer.answering.clear()
    requests = [asyncio.create_task(door.post()) for _ in range(60)]
    async with asyncio.timeout(30):
        while door.app.ctx.publisher.in_flight < 60:
            await asyncio.sleep(0.01)
    producer.answering.set()
    assert {answer.status for answer in await asyncio.gather(*requests)} == {202}
    assert len(producer.tweets) == 60
    assert len(producer.batches) <= 30
    assert door.metric("batch_tweets_sum") == 60
    assert door.metric("tweets_in_flight") == 0


async def test_a_batch_that_is_stuck_does_not_hold_up_the_next(door: Door, producer: FakeProducer) -> None:
    producer.answering.clear()
    requests: list[asyncio.Task[Answer]] = []
    for batches in (1, 2, 3):
        # As many as are on their way.
        requests += [asyncio.create_task(door.post()) for _ in range(max(1, len(requests)))]
        async with asyncio.timeout(30):
            while door.metric("batch_tweets_count") < batches:
                await asyncio.sleep(0.01)
    producer.answering.set()
    assert {answer.status for answer in await asyncio.gather(*requests)} == {202}


async def test_a_producer_that_dies_and_comes_back_is_a_pause_not_an_error(
    door: Door, producer: FakeProducer
) -> None:
    producer.answering.clear()
    requests = [asyncio.create_task(door.post()) for _ in range(20)]
    await producer.wait_for_tweets(1)
    await producer.kill()
    producer.batches.clear()
    producer.answering.set()
    async with asyncio.timeout(30):
        while (await door.get("/readyz")).status != 503:
            await asyncio.sleep(0.01)
    await producer.start()
    answers = await asyncio.gather(*requests)
    assert {answer.status for answer in answers} == {202}
    # Nothing twice on the new stream, nothing forgotten.
    assert sorted(tweet.id for tweet in producer.tweets) == sorted(answer.json()["id"] for answer in answers)
    assert door.metric("tweets_resent_total") >= 1
    assert door.metric("tweets_accepted_total") == 20
    assert door.metric("producer_connected") == 1


async def test_a_producer_that_ends_the_stream_politely_is_a_pause_too(
    door: Door, producer: FakeProducer
) -> None:
    for _ in range(3):
        request = asyncio.create_task(door.post())
        await producer.kill()
        await producer.start()
        assert (await request).status == 202


async def test_without_a_producer_the_deadline_is_a_503_that_names_the_id(producer: FakeProducer) -> None:
    async with opened(producer_target=producer.target, deadline_seconds=0.5) as door:
        await door.wait_until_ready()
        await producer.kill()
        one, several = await asyncio.gather(door.post(), door.post([TWEET, TWEET]))
        assert one.status == several.status == 503
        assert "again" in one.problem()["detail"]
        assert len(several.problem()["ids"]) == 2
        # Others have waited in vain: this one need not.
        assert (await door.post()).problem()["detail"].startswith("The producer is away")
        assert door.metric("tweets_refused_total", reason="deadline") == 3
        await producer.start()
        await door.wait_until_ready()
        again = await door.post(**{"Idempotency-Key": one.problem()["id"]})
        assert again.json() == {"id": one.problem()["id"]}
        assert {tweet.id for tweet in producer.tweets} == {one.problem()["id"]}


async def test_an_answer_after_the_deadline_still_counts_as_accepted(producer: FakeProducer) -> None:
    async with opened(producer_target=producer.target, deadline_seconds=0.3) as door:
        await door.wait_until_ready()
        producer.answering.clear()
        assert (await door.post()).status == 503
        producer.answering.set()
        async with asyncio.timeout(30):
            while door.metric("tweets_accepted_total") != 1:
                await asyncio.sleep(0.01)
        assert door.app.ctx.publisher.in_flight == 0


async def test_beyond_what_may_wait_requests_are_refused_at_once(producer: FakeProducer) -> None:
    async with opened(producer_target=producer.target, max_in_flight=10) as door:
        await door.wait_until_ready()
        producer.answering.clear()
        requests = [asyncio.create_task(door.post()) for _ in range(10)]
        async with asyncio.timeout(30):
            while door.app.ctx.publisher.in_flight < 10:
                await asyncio.sleep(0.01)
        refused = await door.post()
        assert refused.status == 503
        refused.problem()
        producer.answering.set()
        assert {answer.status for answer in await asyncio.gather(*requests)} == {202}
        assert (await door.post()).status == 202
        assert door.metric("tweets_refused_total", reason="exhausted") == 1


@pytest.mark.parametrize(
    ("reason", "status", "counted_as"),
    [
        (tweets_pb2.REASON_UNAVAILABLE, 503, "unavailable"),
        (tweets_pb2.REASON_EXHAUSTED, 503, "exhausted"),
        (tweets_pb2.REASON_UNSPECIFIED, 503, "unavailable"),
        (tweets_pb2.REASON_INVALID, 422, "invalid"),
    ],
)
async def test_what_kafka_refuses_is_told(
    door: Door, producer: FakeProducer, reason: "tweets_pb2.Reason.ValueType", status: int, counted_as: str
) -> None:
    producer.answer = rejecting(reason)
    answer = await door.post()
    assert answer.status == status
    answer.problem()
    assert door.metric("tweets_refused_total", reason=counted_as) == 1
    assert door.metric("tweets_accepted_total") == 0
    producer.answer = lambda _: ()
    assert (await door.post()).status == 202


async def test_one_refused_tweet_refuses_its_request_and_no_other(door: Door, producer: FakeProducer) -> None:
    producer.answering.clear()
    # The first two batches are on their way; the third has all the rest.
    first = [asyncio.create_task(door.post([TWEET])) for _ in range(2)]
    await producer.wait_for_tweets(1)
    bad = "0198c2f4-8a51-7c3e-9d07-5b1f0e6a4c21"
    producer.answer = lambda batch: [
        tweets_pb2.Rejection(index=index, reason=tweets_pb2.REASON_UNAVAILABLE, detail="no leader")
        for index, tweet in enumerate(batch.tweets)
        if tweet.id == bad
    ]
    arrays = [
        asyncio.create_task(door.post([TWEET, TWEET])),
        asyncio.create_task(door.post([TWEET, {**TWEET, "id": bad}, TWEET])),
        asyncio.create_task(door.post([TWEET, TWEET])),
    ]
    async with asyncio.timeout(30):
        while door.app.ctx.publisher.in_flight < 9:
            await asyncio.sleep(0.01)
    producer.answering.set()
    answers = await asyncio.gather(*first, *arrays)
    assert [answer.status for answer in answers] == [202, 202, 202, 503, 202]
    assert answers[3].problem()["ids"][1] == bad
    assert door.metric("tweets_accepted_total") == 8


async def test_clients_that_hang_up_do_not_break_the_stream(
    door: Door, producer: FakeProducer, caplog: pytest.LogCaptureFixture
) -> None:
    producer.answering.clear()
    body = b'{"texto": "a", "pais": "GT"}'
    head = b"POST /input HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    for cut in (None, 10):
        for _ in range(20):
            _, writer = await asyncio.open_connection("127.0.0.1", door.port)
            writer.write(head % len(body) + body[:cut])
            await writer.drain()
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
    waiting = asyncio.create_task(door.post())
    producer.answering.set()
    assert (await waiting).status == 202
    assert (await door.post()).status == 202
    async with asyncio.timeout(30):
        while door.app.ctx.publisher.in_flight:
            await asyncio.sleep(0.01)
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_unary_calls_are_there_to_compare_with(producer: FakeProducer) -> None:
    async with opened(
        producer_target=producer.target, producer_calls="unary", max_in_flight=3, deadline_seconds=5
    ) as door:
        assert (await door.post()).status == 202
        assert (await door.post([TWEET, TWEET])).status == 202
        assert (await door.post([TWEET] * 4)).status == 503
        producer.answer = rejecting(tweets_pb2.REASON_UNAVAILABLE)
        assert (await door.post()).status == 503
        assert door.metric("tweets_accepted_total") == 3
