"""The stream to the producer: one per worker process, with micro-batches.

A batch is whatever is waiting when nothing is on its way. It waits for others only while others may come:
until as many requests are here as there lately were at once (`crowd`), and for a few milliseconds at most.
While a batch is on its way, the next one goes when as much is waiting as is on its way, if that is worth a
batch, or if the last one seems to be stuck. So batches are few and as large as the load, who is alone is
not delayed, and a batch that is stuck does not hold up the others. When the stream breaks, what had no
answer is sent again on the next one: ids make a repeat harmless. A client sees a pause, not an error.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import grpc

from gateway.crowd import Crowd
from protos import tweets_pb2, tweets_pb2_grpc
from weather_tweets.metrics import GatewayMetrics
from weather_tweets.tweet import Tweet

log = logging.getLogger(__name__)

MAX_UNANSWERED_BATCHES = 8
"""Batches on the way at once, however much is waiting."""

MAX_BATCH_BYTES = 2**20
"""A batch that has reached this size takes no further request. A request is never split."""

MAX_IN_FLIGHT_BYTES = 64 * 2**20
"""Bodies waiting for Kafka before requests are refused, however few tweets they have."""

# A batch costs here, in the producer and in Kafka as much as some twenty tweets in it.
_WORTH_A_BATCH_TWEETS = 32
# Many times what an answer usually takes.
_STUCK_SECONDS = 0.05
# Beyond that a batch becomes hardly cheaper by what more would come.
_FULL_BATCH_TWEETS = 128
_CHECK_SECONDS = 0.2
_CONNECT_SECONDS = 5.0
_FIRST_BACKOFF_SECONDS = 0.05
_LONGEST_BACKOFF_SECONDS = 1.0

CHANNEL_OPTIONS = (
    # gRPC's own backoff goes up to two minutes; ours is above it.
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.min_reconnect_backoff_ms", 50),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    # A producer that is gone without a word: found out within 5 s, time enough to send everything again.
    ("grpc.keepalive_time_ms", 3_000),
    ("grpc.keepalive_timeout_ms", 2_000),
    ("grpc.http2.max_pings_without_data", 0),
)


class RefusedError(Exception):
    """Kafka does not have the tweets, or may not have them; `reason` is the one of the metric."""

    def __init__(self, reason: str, detail: str, index: int | None = None) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.index = index


class Publisher(Protocol):
    """Something that brings tweets to Kafka."""

    def publish(self, tweets: list[Tweet], size_bytes: int, traceparent: str = "") -> "asyncio.Future[None]":
        """Done when Kafka has all of the tweets; fails with `RefusedError`."""


class _Submission:
    """The tweets of one request, on their way."""

    __slots__ = ("answer", "deadline", "size", "traceparent", "tweets")

    def __init__(
        self,
        tweets: list[Tweet],
        size: int,
        deadline: float,
        answer: "asyncio.Future[None]",
        traceparent: str,
    ) -> None:
        self.tweets = tweets
        self.size = size
        self.deadline = deadline
        self.answer = answer
        self.traceparent = traceparent


class ProducerStream:
    """Publishes by the producer's batch stream, and keeps that stream up."""

    def __init__(
        self,
        stub: "tweets_pb2_grpc.TweetPublisherAsyncStub",
        metrics: GatewayMetrics,
        *,
        max_in_flight: int,
        deadline_seconds: float,
        collect_seconds: float,
        on_accepted: Callable[[Sequence[Tweet]], None],
    ) -> None:
        """A request waits `collect_seconds` at most for others to go along with.

        `on_accepted` gets the tweets of each request that Kafka has.
        """
        self.connected = False
        self.in_flight = 0
        """Tweets that have no answer yet."""
        self._stub = stub
        self._metrics = metrics
        self._max_in_flight = max_in_flight
        self._deadline_seconds = deadline_seconds
        self._collect_seconds = collect_seconds
        self._on_accepted = on_accepted
        self._loop = asyncio.get_running_loop()
        self._bytes_in_flight = 0
        self._waiting: deque[_Submission] = deque()
        self._unanswered: dict[int, list[_Submission]] = {}
        self._crowd = Crowd()
        self._on_the_way = 0
        self._sent_at = 0.0
        self._sequence = 0
        self._wake = asyncio.Event()
        self._lost_at = time.monotonic()
        self._tasks = [
            asyncio.create_task(self._stay_connected(), name="producer-stream"),
            asyncio.create_task(self._expire(), name="deadlines"),
        ]

    def publish(self, tweets: list[Tweet], size_bytes: int, traceparent: str = "") -> "asyncio.Future[None]":
        now = time.monotonic()
        if self.in_flight + len(tweets) > self._max_in_flight or (
            self._bytes_in_flight + size_bytes > MAX_IN_FLIGHT_BYTES
        ):
            self._metrics.refused.labels("exhausted").inc(len(tweets))
            raise RefusedError("exhausted", "Too many tweets are waiting for Kafka.")
        if not self.connected and now - self._lost_at > self._deadline_seconds:
            # Others have waited that long in vain.
            self._metrics.refused.labels("unavailable").inc(len(tweets))
            raise RefusedError("unavailable", "The producer is away.")
        answer = self._loop.create_future()
        self.in_flight += len(tweets)
        self._bytes_in_flight += size_bytes
        self._waiting.append(
            _Submission(tweets, size_bytes, now + self._deadline_seconds, answer, traceparent)
        )
        self._crowd.enter(now)
        # The first one, so that the writer knows until when to wait.
        if len(self._waiting) == 1 or self._is_due(now):
            self._wake.set()
        return answer

    async def close(self) -> None:
        """Ends the stream; whatever is still waiting is refused."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        while self._waiting:
            self._refuse(self._waiting.popleft(), "unavailable", "The gateway is stopping.")

    async def _stay_connected(self) -> None:
        backoff = _FIRST_BACKOFF_SECONDS
        said = ""
        while True:
            call = self._stub.PublishBatches()
            reason = ""
            try:
                async with asyncio.timeout(_CONNECT_SECONDS):
                    await call.wait_for_connection()
                backoff, said = _FIRST_BACKOFF_SECONDS, ""
                self._connected(True)
                await self._converse(call)
                reason = "it ended the stream"
            except TimeoutError:
                reason = "it does not answer"
            except grpc.aio.AioRpcError as error:
                reason = f"{error.code().name}: {error.details()}"
            except asyncio.CancelledError:
                # Raised for a call that was cancelled below us as well as when we are to stop.
                if asyncio.current_task().cancelling():  # type: ignore[union-attr]
                    raise
                reason = "the stream was cancelled"
            except Exception:
                # A bug, here or there: it must not end the gateway's only way to Kafka.
                log.exception("Unexpected error in the stream to the producer")
            finally:
                call.cancel()
                self._connected(False)
                self._send_again()
            if reason != said:
                # Once: there is an attempt every second.
                said = reason
                log.warning("The producer is away: %s", reason)
            await asyncio.sleep(backoff)
            backoff = min(2 * backoff, _LONGEST_BACKOFF_SECONDS)

    def _connected(self, connected: bool) -> None:
        if self.connected and not connected:
            self._lost_at = time.monotonic()
        self.connected = connected
        self._metrics.producer_connected.set(connected)
        if connected:
            log.info("The stream to the producer is up")

    async def _converse(self, call: Any) -> None:
        """Returns when the producer ends the stream."""
        writer = asyncio.create_task(self._write(call), name="stream-writer")
        try:
            while (reply := await call.read()) is not grpc.aio.EOF:
                self._settle(self._unanswered.pop(reply.sequence), reply.rejections)
                self._wake.set()
        finally:
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)

    async def _write(self, call: Any) -> None:
        while True:
            while not self._is_due(time.monotonic()):
                self._wake.clear()
                timer = self._wake_when_collected()
                await self._wake.wait()
                if timer:
                    timer.cancel()
            batch = self._next_batch()
            if batch.tweets:
                await call.write(batch)

    def _is_due(self, now: float) -> bool:
        """Whether what is waiting should go now."""
        if not self._waiting or len(self._unanswered) >= MAX_UNANSWERED_BATCHES:
            return False
        waiting = self.in_flight - self._on_the_way
        if not self._on_the_way:
            return waiting >= _FULL_BATCH_TWEETS or self._crowd.is_here(now) or now >= self._collected_at()
        return waiting >= self._on_the_way and (
            waiting >= _WORTH_A_BATCH_TWEETS or now - self._sent_at > _STUCK_SECONDS
        )

    def _collected_at(self) -> float:
        """When the first one has waited long enough for others."""
        return self._waiting[0].deadline - self._deadline_seconds + self._collect_seconds

    def _wake_when_collected(self) -> asyncio.TimerHandle | None:
        if not self._waiting or self._on_the_way:
            return None
        return self._loop.call_later(max(0.0, self._collected_at() - time.monotonic()), self._wake.set)

    def _next_batch(self) -> tweets_pb2.TweetBatch:
        self._sequence += 1
        batch = tweets_pb2.TweetBatch(sequence=self._sequence)
        add = batch.tweets.add
        submissions: list[_Submission] = []
        size = 0
        while self._waiting and size < MAX_BATCH_BYTES:
            submission = self._waiting.popleft()
            if submission.answer.done():
                # The client went away before anything was sent.
                self._forget(submission)
                continue
            submissions.append(submission)
            size += submission.size
            for tweet in submission.tweets:
                add(
                    id=tweet.id,
                    text=tweet.text,
                    country=tweet.country,
                    country_code=tweet.code,
                    accepted_at_ms=tweet.at,
                )
            if submission.traceparent:
                for sent in batch.tweets[-len(submission.tweets) :]:
                    sent.traceparent = submission.traceparent
        if submissions:
            self._unanswered[self._sequence] = submissions
            self._on_the_way += len(batch.tweets)
            self._sent_at = time.monotonic()
            self._metrics.batch_tweets.observe(len(batch.tweets))
            self._metrics.in_flight.set(self.in_flight)
        return batch

    def _settle(self, submissions: list[_Submission], rejections: Sequence[tweets_pb2.Rejection]) -> None:
        rejected = {rejection.index: rejection for rejection in rejections}
        first = accepted = 0
        for submission in submissions:
            tweets = submission.tweets
            refused = _refusal(rejected, first, len(tweets)) if rejected else None
            if refused:
                tweets = [tweet for index, tweet in enumerate(tweets, first) if index not in rejected]
                self._metrics.refused.labels(refused.reason).inc(len(submission.tweets) - len(tweets))
            first += len(submission.tweets)
            self._forget(submission)
            if tweets:
                accepted += len(tweets)
                self._on_accepted(tweets)
            answer = submission.answer
            # Done already: the client went away, or its deadline was over.
            if not answer.done():
                if refused:
                    answer.set_exception(refused)
                else:
                    answer.set_result(None)
        self._on_the_way -= first
        self._metrics.accepted.inc(accepted)
        self._metrics.in_flight.set(self.in_flight)

    def _send_again(self) -> None:
        """Puts what has no answer in front of what is waiting."""
        again: list[_Submission] = []
        for submissions in self._unanswered.values():
            for submission in submissions:
                if submission.answer.done():
                    self._forget(submission)
                else:
                    again.append(submission)
        self._unanswered.clear()
        self._on_the_way = 0
        self._waiting.extendleft(reversed(again))
        self._metrics.resent.inc(sum(len(submission.tweets) for submission in again))

    async def _expire(self) -> None:
        while True:
            await asyncio.sleep(_CHECK_SECONDS)
            now = time.monotonic()
            if self._is_due(now):
                self._wake.set()
            # Oldest first, so the first that has time left is the last to look at.
            while self._waiting and self._waiting[0].deadline < now:
                self._refuse(self._waiting.popleft(), "deadline", "Kafka did not answer in time.")
            for submissions in self._unanswered.values():
                for submission in submissions:
                    if submission.deadline < now and not submission.answer.done():
                        self._fail(submission, "deadline", "Kafka did not answer in time.")

    def _refuse(self, submission: _Submission, reason: str, detail: str) -> None:
        self._forget(submission)
        if not submission.answer.done():
            self._fail(submission, reason, detail)

    def _fail(self, submission: _Submission, reason: str, detail: str) -> None:
        self._metrics.refused.labels(reason).inc(len(submission.tweets))
        submission.answer.set_exception(RefusedError(reason, detail))

    def _forget(self, submission: _Submission) -> None:
        self._crowd.leave()
        self.in_flight -= len(submission.tweets)
        self._bytes_in_flight -= submission.size


_REASONS = {
    tweets_pb2.REASON_INVALID: "invalid",
    tweets_pb2.REASON_EXHAUSTED: "exhausted",
}


def _refusal(rejected: dict[int, tweets_pb2.Rejection], first: int, count: int) -> RefusedError | None:
    for index in range(first, first + count):
        if index in rejected:
            rejection = rejected[index]
            reason = _REASONS.get(rejection.reason, "unavailable")
            return RefusedError(reason, f"{rejection.detail}.", index - first)
    return None
