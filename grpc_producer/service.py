"""The gRPC service `weathertweets.v1.TweetPublisher`."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import grpc
from google.protobuf.message import DecodeError

from grpc_producer.publish_spans import PublishSpans
from grpc_producer.publisher import Delivery, Publisher
from grpc_producer.records import NO_HEADERS, Record, completed, record
from protos import tweets_pb2, tweets_pb2_grpc
from weather_tweets.metrics import ProducerMetrics
from weather_tweets.traces import Tracing
from weather_tweets.tweet import InvalidTweetError

MAX_UNANSWERED_BATCHES = 1000
"""Batches of one stream that may wait for their answer; beyond it the stream is not read."""

_REASON_NAMES = {
    tweets_pb2.REASON_INVALID: "invalid",
    tweets_pb2.REASON_UNAVAILABLE: "unavailable",
    tweets_pb2.REASON_EXHAUSTED: "exhausted",
}
_STATUS_CODES = {
    tweets_pb2.REASON_INVALID: grpc.StatusCode.INVALID_ARGUMENT,
    tweets_pb2.REASON_UNAVAILABLE: grpc.StatusCode.UNAVAILABLE,
    tweets_pb2.REASON_EXHAUSTED: grpc.StatusCode.RESOURCE_EXHAUSTED,
}

Context = grpc.aio.ServicerContext[Any, Any]


class TweetPublisherService(tweets_pb2_grpc.TweetPublisherServicer):
    """Answers for each tweet once Kafka has acknowledged or refused it."""

    def __init__(
        self, publisher: Publisher, metrics: ProducerMetrics, tracing: Tracing | None = None
    ) -> None:
        self._publisher = publisher
        self.tracing = tracing
        self._metrics = metrics
        self._streams: set[_Stream] = set()
        metrics.in_flight.set_function(lambda: publisher.in_flight)
        metrics.streams.set_function(lambda: len(self._streams))

    async def Publish(self, request: tweets_pb2.Tweet, context: Context) -> tweets_pb2.PublishReply:  # noqa: N802
        try:
            tweet = completed(request)
        except InvalidTweetError as error:
            self._metrics.rejected.labels("invalid").inc()
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        settled: asyncio.Future[Delivery] = asyncio.get_running_loop().create_future()

        def settle(delivery: Delivery) -> None:
            self.count(delivery)
            # The client may have given up meanwhile.
            if not settled.done():
                settled.set_result(delivery)

        self._publisher.submit([tweet], settle)
        delivery = await settled
        for refusal in delivery.refusals:
            await context.abort(_STATUS_CODES[refusal.reason], refusal.detail)
        return tweets_pb2.PublishReply(id=tweet.key.decode())

    async def PublishBatches(  # noqa: N802
        self, request_iterator: AsyncIterator[tweets_pb2.TweetBatch], context: Context
    ) -> AsyncIterator[tweets_pb2.BatchReply]:
        # At once, so that the client knows that its stream is up.
        await context.send_initial_metadata(())
        stream = _Stream(self, self._publisher, request_iterator)
        self._streams.add(stream)
        try:
            while (reply := await stream.next_reply()) is not None:
                yield reply
            if stream.unreadable:
                await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "not a batch of tweets")
        finally:
            self._streams.discard(stream)
            stream.stop_reading()

    def drain(self) -> None:
        """Reads no more batches; each stream ends when those that were read are answered."""
        for stream in self._streams:
            stream.stop_reading()

    def count(self, delivery: Delivery) -> None:
        """Counts what became of a delivery."""
        self._metrics.published.inc(delivery.published)
        self._metrics.publish_seconds.observe(time.monotonic() - delivery.arrived)
        for refusal in delivery.refusals:
            self._metrics.rejected.labels(_REASON_NAMES[refusal.reason]).inc()

    def count_batch(self, tweets: int, invalid: int) -> None:
        """Counts a batch of a stream."""
        self._metrics.batch_tweets.observe(tweets)
        if invalid:
            self._metrics.rejected.labels("invalid").inc(invalid)


class _Stream:
    """One client's stream: a task reads its batches, the replies come in the order of settlement."""

    def __init__(
        self,
        service: TweetPublisherService,
        publisher: Publisher,
        batches: AsyncIterator[tweets_pb2.TweetBatch],
    ) -> None:
        self._service = service
        self._publisher = publisher
        self._batches = batches
        self.unreadable = False
        """Whether it ended with bytes that are no batch."""
        self._unanswered = 0
        self._room = asyncio.Semaphore(MAX_UNANSWERED_BATCHES)
        self._replies: asyncio.Queue[tweets_pb2.BatchReply | None] = asyncio.Queue()
        self._reader = asyncio.create_task(self._read(), name="stream-reader")
        self._reader.add_done_callback(self._read_to_the_end)

    async def next_reply(self) -> tweets_pb2.BatchReply | None:
        """The next reply; None when there will be no more."""
        reply = await self._replies.get()
        if reply is not None:
            self._room.release()
        return reply

    def stop_reading(self) -> None:
        self._reader.cancel()

    async def _read(self) -> None:
        async for batch in self._batches:
            await self._room.acquire()
            self._unanswered += 1
            self._submit(batch)

    def _read_to_the_end(self, reader: "asyncio.Task[None]") -> None:
        if not reader.cancelled():
            # Any other exception is the way to learn of a broken stream, which has nobody left to answer.
            self.unreadable = isinstance(reader.exception(), DecodeError)
        if not self._unanswered:
            self._replies.put_nowait(None)

    def _submit(self, batch: tweets_pb2.TweetBatch) -> None:
        records: list[Record] = []
        positions: list[int] | None = None
        rejections: list[tweets_pb2.Rejection] = []
        spans = PublishSpans(self._service.tracing)
        for index, tweet in enumerate(batch.tweets):
            try:
                records.append(
                    record(tweet, spans.headers(tweet.traceparent) if tweet.traceparent else NO_HEADERS)
                )
            except InvalidTweetError as error:
                if positions is None:
                    positions = list(range(index))
                rejections.append(
                    tweets_pb2.Rejection(index=index, reason=tweets_pb2.REASON_INVALID, detail=str(error))
                )
            else:
                if positions is not None:
                    positions.append(index)
        self._service.count_batch(len(batch.tweets), len(rejections))
        sequence = batch.sequence

        def settled(delivery: Delivery) -> None:
            self._service.count(delivery)
            spans.end(delivery.refusals[0].detail if delivery.refusals else "")
            for submitted, reason, detail in delivery.refusals:
                position = submitted if positions is None else positions[submitted]
                rejections.append(tweets_pb2.Rejection(index=position, reason=reason, detail=detail))
            self._unanswered -= 1
            self._replies.put_nowait(tweets_pb2.BatchReply(sequence=sequence, rejections=rejections))
            if not self._unanswered and self._reader.done():
                self._replies.put_nowait(None)

        self._publisher.submit(records, settled)
