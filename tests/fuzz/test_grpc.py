"""The batches of the gRPC stream: whatever is in them, each is answered, or its stream alone ends."""

import asyncio
import uuid
from contextlib import suppress

import grpc
from hypothesis import given
from hypothesis import strategies as st

from protos import tweets_pb2, tweets_pb2_grpc
from tests.fuzz.conftest import Front
from tests.fuzz.mutations import mutated
from tests.grpc_producer.tweets import tweet

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_TWEETS = st.builds(
    tweet,
    # As a function, so that no id comes twice.
    id=st.builds(lambda: str(uuid.uuid4())) | _TEXTS,
    text=_TEXTS | st.just("Llueve") | st.just("a" * 4097),
    country=_TEXTS | st.just("Guatemala"),
    country_code=st.sampled_from(["GT", "ZZ", "XX", "", "gt"]),
    accepted_at_ms=st.integers(0, 2**48) | st.integers(-(2**63), 2**63 - 1),
)
_BATCHES = st.builds(
    tweets_pb2.TweetBatch, sequence=st.integers(0, 2**64 - 1), tweets=st.lists(_TWEETS, max_size=5)
)
_REFUSED = tweets_pb2.TweetBatch(tweets=[tweet(text="")])
_METHOD = "/weathertweets.v1.TweetPublisher/PublishBatches"


@given(batches=st.lists(_BATCHES, min_size=1, max_size=3))
def test_a_batch_is_answered_tweet_by_tweet(front: Front, batches: list[tweets_pb2.TweetBatch]) -> None:
    batches.append(tweets_pb2.TweetBatch(tweets=[tweet()]))
    rejected: set[int] = set()
    for batch, reply in zip(batches, asyncio.run(_exchange(front.grpc, batches)), strict=True):
        assert reply.sequence == batch.sequence
        assert {rejection.reason for rejection in reply.rejections} <= {tweets_pb2.REASON_INVALID}
        rejected = {rejection.index for rejection in reply.rejections}
        front.note_ids(each.id for index, each in enumerate(batch.tweets) if index not in rejected)
    assert not rejected


@given(sent=st.binary(max_size=100) | mutated(_REFUSED.SerializeToString()))
def test_bytes_that_are_no_batch_end_their_stream_at_most(front: Front, sent: bytes) -> None:
    status, replies, accepted = asyncio.run(_throw(front.grpc, sent))
    assert (status, replies) in ((grpc.StatusCode.OK, 1), (grpc.StatusCode.INVALID_ARGUMENT, 0))
    front.note_ids([accepted])


def test_afterwards_everything_accepted_is_in_kafka_and_nothing_else(front: Front) -> None:
    front.check()


async def _exchange(target: str, batches: list[tweets_pb2.TweetBatch]) -> list[tweets_pb2.BatchReply]:
    replies = []
    async with grpc.aio.insecure_channel(target) as channel:
        call = tweets_pb2_grpc.TweetPublisherStub(channel).PublishBatches(timeout=60)
        for batch in batches:
            # One after another, because their sequence numbers may be the same.
            await call.write(batch)
            reply = await call.read()
            assert isinstance(reply, tweets_pb2.BatchReply)
            replies.append(reply)
    return replies


async def _throw(target: str, sent: bytes) -> tuple[grpc.StatusCode, int, str]:
    """How a stream of these bytes ends, with how many replies; then the id of a good tweet."""
    async with grpc.aio.insecure_channel(target) as channel:
        call: grpc.aio.StreamStreamCall[bytes, bytes] = channel.stream_stream(_METHOD)(timeout=60)
        await call.write(sent)
        await call.done_writing()
        replies = 0
        with suppress(grpc.aio.AioRpcError):
            while await call.read() is not grpc.aio.EOF:
                replies += 1
        good = await tweets_pb2_grpc.TweetPublisherStub(channel).Publish(tweet(), timeout=60)
        return await call.code(), replies, good.id
