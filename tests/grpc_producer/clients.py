"""A client of a producer that runs in the test's own event loop."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc
from grpc_health.v1 import health_pb2
from prometheus_client import CollectorRegistry

from grpc_producer.server import ProducerServer
from protos import tweets_pb2

if TYPE_CHECKING:
    from protos import tweets_pb2_grpc

DEADLINE_SECONDS = 60


@dataclass
class Client:
    server: ProducerServer
    channel: grpc.aio.Channel
    stub: "tweets_pb2_grpc.TweetPublisherAsyncStub"
    registry: CollectorRegistry

    async def health(self, service: str = "") -> str:
        """What gRPC's health service says now."""
        check = self.channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )
        reply = await check(health_pb2.HealthCheckRequest(service=service))
        return health_pb2.HealthCheckResponse.ServingStatus.Name(reply.status)

    async def wait_for_health(self, service: str, status: str) -> None:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while await self.health(service) != status:
                await asyncio.sleep(0.05)

    async def exchange(self, *batches: tweets_pb2.TweetBatch) -> list[tweets_pb2.BatchReply]:
        """Sends the batches over one stream and reads a reply for each."""
        call = self.stub.PublishBatches()
        async with asyncio.timeout(DEADLINE_SECONDS):
            for batch in batches:
                await call.write(batch)
            await call.done_writing()
            replies = [reply async for reply in call]
        assert await call.code() is grpc.StatusCode.OK
        return sorted(replies, key=lambda reply: reply.sequence)

    def metric(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(f"weather_producer_{name}", labels) or 0.0
