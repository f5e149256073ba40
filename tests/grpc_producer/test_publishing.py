import asyncio
import json
import time
from collections import Counter

import grpc
import pytest

from grpc_producer.server import MAX_MESSAGE_BYTES, SERVICE
from protos import tweets_pb2
from tests.grpc_producer.clients import Client
from tests.grpc_producer.conftest import Start, Stored
from tests.grpc_producer.tweets import batch, tweet
from weather_tweets.settings import KafkaSettings, ProducerSettings


async def test_every_tweet_of_a_batch_is_in_kafka_when_it_is_answered(client: Client, stored: Stored) -> None:
    tweets = [tweet(text=f"Llueve {n}") for n in range(100)]
    replies = await client.exchange(batch(7, *tweets[:60]), batch(8, *tweets[60:]))
    assert [(reply.sequence, list(reply.rejections)) for reply in replies] == [(7, []), (8, [])]
    records = await stored()
    assert {record.key.decode(): json.loads(record.value) for record in records} == {
        each.id: {
            "id": each.id,
            "texto": each.text,
            "país": "Guatemala",
            "codigo": "GT",
            "at": 1_760_000_000_000,
        }
        for each in tweets
    }
    assert client.metric("tweets_published_total") == 100
    assert client.metric("tweets_in_flight") == 0


async def test_batches_take_turns_among_the_partitions(
    client: Client, stored: Stored, kafka_settings: KafkaSettings
) -> None:
    stay_seconds = ProducerSettings().stay_milliseconds / 1000
    for _ in range(2 * kafka_settings.partitions):
        await client.exchange(batch(1, *(tweet() for _ in range(5))))
        # Then it is the next one's turn.
        await asyncio.sleep(1.1 * stay_seconds)
    loads = Counter(record.partition for record in await stored())
    assert loads == dict.fromkeys(range(kafka_settings.partitions), 10)


async def test_a_bad_tweet_is_rejected_alone(client: Client, stored: Stored) -> None:
    bad = [
        tweet(id="1"),
        tweet(id=""),
        tweet(text=""),
        tweet(text="a" * 4097),
        tweet(text="a\0b"),
        tweet(country=""),
        tweet(country_code="XX"),
        tweet(accepted_at_ms=0),
        tweet(accepted_at_ms=2**62),
    ]
    good = [tweet() for _ in bad]
    mixed = [each for pair in zip(bad, good, strict=True) for each in pair]
    (reply,) = await client.exchange(batch(1, *mixed))
    assert [rejection.index for rejection in reply.rejections] == list(range(0, len(mixed), 2))
    assert {rejection.reason for rejection in reply.rejections} == {tweets_pb2.REASON_INVALID}
    assert sorted(record.key.decode() for record in await stored()) == sorted(each.id for each in good)
    assert client.metric("tweets_rejected_total", reason="invalid") == len(bad)


async def test_the_time_a_tweet_claims_is_not_kafkas(client: Client, stored: Stored) -> None:
    """Kafka would refuse a batch with a record of the future, and delete one of the past unread."""
    claims = [1, 1_760_000_000_000, 253_402_300_799_999]
    (reply,) = await client.exchange(batch(1, *(tweet(accepted_at_ms=claim) for claim in claims)))
    assert not reply.rejections
    records = await stored()
    assert sorted(json.loads(record.value)["at"] for record in records) == claims
    now = time.time() * 1000
    assert all(abs(record.timestamp - now) < 3_600_000 for record in records)


async def test_an_empty_batch_is_answered(client: Client) -> None:
    assert await client.exchange(batch(3)) == [tweets_pb2.BatchReply(sequence=3)]


async def test_a_batch_larger_than_a_record_batch_is_split(client: Client, stored: Stored) -> None:
    tweets = [tweet(text="áéíóú" * 800) for _ in range(900)]
    (reply,) = await client.exchange(batch(1, *tweets))
    assert not reply.rejections
    assert len(await stored()) == 900


async def test_an_oversized_message_ends_its_stream_and_no_other(client: Client) -> None:
    other = client.stub.PublishBatches()
    await other.wait_for_connection()
    call = client.stub.PublishBatches()
    await call.write(batch(1, *(tweet(text="a" * 4096) for _ in range(MAX_MESSAGE_BYTES // 4096 + 1))))
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await call.read()
    assert error.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    await other.write(batch(1, tweet()))
    assert await other.read() == tweets_pb2.BatchReply(sequence=1)
    other.cancel()


async def test_unknown_fields_are_ignored(client: Client) -> None:
    publish = client.channel.unary_unary(
        f"/{SERVICE}/Publish",
        request_serializer=bytes,
        response_deserializer=tweets_pb2.PublishReply.FromString,
    )
    # Field 99, of length 3, that this version does not know.
    reply = await publish(tweet().SerializeToString() + b"\x9a\x06\x03abc")
    assert reply.id


async def test_bytes_that_are_no_message_are_refused(client: Client) -> None:
    publish = client.channel.unary_unary(
        f"/{SERVICE}/Publish",
        request_serializer=bytes,
        response_deserializer=tweets_pb2.PublishReply.FromString,
    )
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await publish(b"\xff\xff\xff")
    assert error.value.code() in (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN)
    assert (await client.stub.Publish(tweet())).id


async def test_a_simple_client_needs_text_and_country_only(client: Client, stored: Stored) -> None:
    reply = await client.stub.Publish(tweets_pb2.Tweet(text="Sunny", country="EEUU"))
    (record,) = await stored()
    value = json.loads(record.value)
    assert (value["id"], value["país"], value["codigo"]) == (reply.id, "Estados Unidos", "US")
    assert value["at"] > 1_760_000_000_000


@pytest.mark.parametrize(
    "bad",
    [
        tweets_pb2.Tweet(),
        tweets_pb2.Tweet(text="a", country=""),
        tweets_pb2.Tweet(text="a" * 4097, country="GT"),
        tweets_pb2.Tweet(text="a", country="GT", id="7"),
        tweets_pb2.Tweet(text="a", country="GT", accepted_at_ms=-1),
    ],
)
async def test_what_is_no_tweet_is_an_invalid_argument(client: Client, bad: tweets_pb2.Tweet) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await client.stub.Publish(bad)
    assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert (await client.stub.Publish(tweet())).id


async def test_more_than_may_wait_is_refused_as_exhausted(start: Start) -> None:
    client = await start(max_in_flight=5)
    await client.wait_for_health(SERVICE, "SERVING")
    (reply,) = await client.exchange(batch(1, *(tweet() for _ in range(6))))
    assert [rejection.reason for rejection in reply.rejections] == [tweets_pb2.REASON_EXHAUSTED] * 6
    (reply,) = await client.exchange(batch(2, *(tweet() for _ in range(5))))
    assert not reply.rejections
    assert client.metric("tweets_rejected_total", reason="exhausted") == 6


async def test_a_client_that_goes_away_in_the_middle_harms_nobody(client: Client, stored: Stored) -> None:
    for _ in range(20):
        call = client.stub.PublishBatches()
        await call.write(batch(1, *(tweet() for _ in range(50))))
        call.cancel()
    await asyncio.gather(*(client.stub.Publish(tweet()) for _ in range(20)))
    assert len(await stored()) >= 20
    async with asyncio.timeout(30):
        while client.metric("tweets_in_flight") or client.metric("streams_open"):
            await asyncio.sleep(0.05)
