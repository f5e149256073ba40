"""The producer's life: config → startup → serve → drain."""

import asyncio
import logging
import signal
from contextlib import suppress
from pathlib import Path

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from prometheus_client import REGISTRY, CollectorRegistry

from grpc_producer.connection import Connection
from grpc_producer.probes import Probes
from grpc_producer.publisher import Publisher
from grpc_producer.replicas import under_replicated, without_leader
from grpc_producer.service import TweetPublisherService
from protos import tweets_pb2, tweets_pb2_grpc
from weather_tweets import traces
from weather_tweets.metrics import ProducerMetrics
from weather_tweets.settings import KafkaSettings, ProducerSettings

log = logging.getLogger(__name__)

SERVICE = tweets_pb2.DESCRIPTOR.services_by_name["TweetPublisher"].full_name

MAX_MESSAGE_BYTES = 8 * 2**20
"""Largest message; a batch of the gateway has at most two requests' bodies of 1 MiB."""

_FIRST_SECONDS = 2.0

_OPTIONS = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    # A second server on the same port is a mistake, not a way to share the load.
    ("grpc.so_reuseport", 0),
    # A gateway that is gone without a word is noticed, and one may look after us as often.
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.http2.min_ping_interval_without_data_ms", 1_000),
    ("grpc.keepalive_permit_without_calls", 1),
)


class ProducerServer:
    """The gRPC server with everything around it, in the event loop that calls `start`."""

    def __init__(
        self, kafka: KafkaSettings, settings: ProducerSettings, registry: CollectorRegistry = REGISTRY
    ) -> None:
        self._settings = settings
        self._registry = registry
        self._publisher = Publisher(kafka.topic, settings.max_in_flight, settings.stay_milliseconds / 1000)
        self._tracing = traces.tracing("producer")
        metrics = ProducerMetrics(registry)
        self._service = TweetPublisherService(self._publisher, metrics, self._tracing)
        self._health = health.aio.HealthServicer()
        self._connection = connection = Connection(kafka, settings, self._publisher, self._tell)
        metrics.under_replicated.set_function(lambda: under_replicated(connection.partitions()))
        metrics.without_leader.set_function(lambda: without_leader(connection.partitions()))
        self.port = 0
        """The gRPC port that is listened on, once started."""
        self.metrics_port = 0

    async def start(self) -> None:
        """Listens when Kafka is there, or after two seconds without it, and then says NOT_SERVING.

        Nobody who tries again until we listen gets an error because we were first. Raises `OSError` if a port
        is taken.
        """
        settings = self._settings
        await self._tell(False)
        self._server = grpc.aio.server(options=_OPTIONS)
        tweets_pb2_grpc.add_TweetPublisherServicer_to_server(self._service, self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        reflection.enable_server_reflection(
            (SERVICE, health.SERVICE_NAME, reflection.SERVICE_NAME), self._server
        )
        address = f"{settings.host}:{settings.port}"
        credentials = _credentials(settings)
        try:
            if credentials:
                self.port = self._server.add_secure_port(address, credentials)
            else:
                self.port = self._server.add_insecure_port(address)
        except RuntimeError as error:
            raise OSError(f"cannot listen on {address}: {error}") from error
        self._probes = Probes(
            settings.metrics_host, settings.metrics_port, self._registry, lambda: self._connection.up
        )
        self.metrics_port = self._probes.port
        self._connecting = asyncio.create_task(self._connection.run(), name="kafka-connection")
        with suppress(TimeoutError):
            await asyncio.wait_for(self._connection.has_been_up.wait(), _FIRST_SECONDS)
        await self._server.start()
        log.info("Listening on %s:%d, metrics on port %d", settings.host, self.port, self.metrics_port)

    async def drain(self) -> None:
        """Takes nothing new, answers what was taken within `drain_seconds`, then ends."""
        log.info("Draining")
        await self._health.enter_graceful_shutdown()
        self._service.drain()
        await self._server.stop(self._settings.drain_seconds)
        self._connecting.cancel()
        await asyncio.gather(self._connecting, return_exceptions=True)
        self._probes.close()
        if self._tracing:
            self._tracing.close()
        log.info("Stopped")

    async def _tell(self, kafka_is_up: bool) -> None:
        statuses = health_pb2.HealthCheckResponse
        status = statuses.SERVING if kafka_is_up else statuses.NOT_SERVING
        for service in ("", SERVICE):
            await self._health.set(service, status)


async def serve(kafka: KafkaSettings, settings: ProducerSettings) -> None:
    """Runs until SIGTERM or SIGINT, then drains."""
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    server = ProducerServer(kafka, settings)
    await server.start()
    await stopping.wait()
    await server.drain()


def _credentials(settings: ProducerSettings) -> grpc.ServerCredentials | None:
    if not settings.tls_certificate_file:
        return None
    key = Path(settings.tls_key_file).read_bytes()
    chain = Path(settings.tls_certificate_file).read_bytes()
    return grpc.ssl_server_credentials([(key, chain)])
