"""A gRPC call per tweet: the baseline that the stream of batches is measured against."""

import asyncio
from collections.abc import Callable, Sequence

import grpc

from gateway.stream import RefusedError
from protos import tweets_pb2, tweets_pb2_grpc
from weather_tweets.metrics import GatewayMetrics
from weather_tweets.tweet import Tweet


class UnaryCalls:
    """Publishes by the producer's unary call, with the same promises but for sending again."""

    connected = True

    def __init__(
        self,
        stub: "tweets_pb2_grpc.TweetPublisherAsyncStub",
        metrics: GatewayMetrics,
        *,
        max_in_flight: int,
        deadline_seconds: float,
        collect_seconds: float,  # noqa: ARG002 (each goes alone)
        on_accepted: Callable[[Sequence[Tweet]], None],
    ) -> None:
        self._stub = stub
        self._metrics = metrics
        self._max_in_flight = max_in_flight
        self._deadline_seconds = deadline_seconds
        self._on_accepted = on_accepted
        self._in_flight = 0

    def publish(
        self,
        tweets: list[Tweet],
        size_bytes: int,  # noqa: ARG002
        traceparent: str = "",  # noqa: ARG002 (what is compared with it is not traced)
    ) -> "asyncio.Future[None]":
        if self._in_flight + len(tweets) > self._max_in_flight:
            raise RefusedError("exhausted", "Too many tweets are waiting for Kafka.")
        return asyncio.ensure_future(self._publish(tweets))

    async def close(self) -> None:
        """There is nothing to end."""

    async def _publish(self, tweets: list[Tweet]) -> None:
        self._in_flight += len(tweets)
        try:
            await asyncio.gather(*map(self._call, tweets))
        except grpc.aio.AioRpcError as error:
            self._metrics.refused.labels("unavailable").inc(len(tweets))
            raise RefusedError("unavailable", error.details() or error.code().name) from error
        finally:
            self._in_flight -= len(tweets)
        self._metrics.accepted.inc(len(tweets))
        self._on_accepted(tweets)

    async def _call(self, tweet: Tweet) -> None:
        await self._stub.Publish(
            tweets_pb2.Tweet(
                id=tweet.id,
                text=tweet.text,
                country=tweet.country,
                country_code=tweet.code,
                accepted_at_ms=tweet.at,
            ),
            timeout=self._deadline_seconds,
        )
