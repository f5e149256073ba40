"""A producer without Kafka, whose answers the test decides."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import grpc

from operations.local.ports import free_port
from protos import tweets_pb2, tweets_pb2_grpc

_OPTIONS = (("grpc.so_reuseport", 0), ("grpc.http2.min_ping_interval_without_data_ms", 1_000))

Answer = Callable[[tweets_pb2.TweetBatch], Sequence[tweets_pb2.Rejection]]


class FakeProducer(tweets_pb2_grpc.TweetPublisherServicer):
    """Speaks the producer's contract on a port that it keeps when it is started again."""

    def __init__(self) -> None:
        self.port = free_port()
        self.batches: list[tweets_pb2.TweetBatch] = []
        self.answer: Answer = lambda _: ()
        """The rejections of a batch."""
        self.answering = asyncio.Event()
        """Clear: batches are taken, but not answered."""
        self.answering.set()
        self._server: grpc.aio.Server | None = None

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def tweets(self) -> list[tweets_pb2.Tweet]:
        """All that was received, in its order."""
        return [tweet for batch in self.batches for tweet in batch.tweets]

    async def start(self) -> None:
        self._server = grpc.aio.server(options=_OPTIONS)
        tweets_pb2_grpc.add_TweetPublisherServicer_to_server(self, self._server)
        self._server.add_insecure_port(self.target)
        await self._server.start()

    async def kill(self) -> None:
        """Ends without a word to its clients."""
        if self._server:
            await self._server.stop(None)
            self._server = None

    async def wait_for_tweets(self, count: int) -> None:
        async with asyncio.timeout(30):
            while len(self.tweets) < count:
                await asyncio.sleep(0.01)

    async def Publish(self, request: tweets_pb2.Tweet, context: Any) -> tweets_pb2.PublishReply:  # noqa: N802
        batch = tweets_pb2.TweetBatch(tweets=[request])
        self.batches.append(batch)
        await self.answering.wait()
        for rejection in self.answer(batch):
            await context.abort(grpc.StatusCode.UNAVAILABLE, rejection.detail)
        return tweets_pb2.PublishReply(id=request.id)

    async def PublishBatches(  # noqa: N802
        self, request_iterator: AsyncIterator[tweets_pb2.TweetBatch], context: Any
    ) -> AsyncIterator[tweets_pb2.BatchReply]:
        await context.send_initial_metadata(())
        async for batch in request_iterator:
            self.batches.append(batch)
            await self.answering.wait()
            yield tweets_pb2.BatchReply(sequence=batch.sequence, rejections=self.answer(batch))


def rejecting(
    reason: "tweets_pb2.Reason.ValueType", detail: str = "for a test", only: int | None = None
) -> Answer:
    """Rejects every tweet of a batch, or only one of them."""

    def answer(batch: tweets_pb2.TweetBatch) -> list[tweets_pb2.Rejection]:
        indexes = range(len(batch.tweets)) if only is None else [only]
        return [tweets_pb2.Rejection(index=index, reason=reason, detail=detail) for index in indexes]

    return answer
