"""The gateway's life: config → startup → serve → drain."""

from pathlib import Path
from typing import Any

import grpc
from prometheus_client import REGISTRY, CollectorRegistry
from sanic import Sanic

from gateway import direct, observation, origins, stream, unary
from gateway import input as input_route
from gateway.feed import LiveFeed
from gateway.pages import pages
from gateway.problems import ProblemHandler
from protos import tweets_pb2_grpc
from weather_tweets import logs, places
from weather_tweets.metrics import GatewayMetrics
from weather_tweets.settings import GatewaySettings

NAME = "weather-gateway"

MAX_BODY_BYTES = 2**20
# A header is here within the first, a body within the second; the handler has a deadline of its own.
HEADER_SECONDS = 15
BODY_SECONDS = 30
KEEP_ALIVE_SECONDS = 75

SANIC_OPTIONS = {
    "ACCESS_LOG": False,
    "AUTO_EXTEND": False,
    "KEEP_ALIVE_TIMEOUT": KEEP_ALIVE_SECONDS,
    "MOTD": False,
    "REQUEST_MAX_SIZE": MAX_BODY_BYTES,
    "REQUEST_TIMEOUT": HEADER_SECONDS,
}
"""Those that do not come from our settings."""


def create_app(
    settings: GatewaySettings | None = None, *, registry: CollectorRegistry = REGISTRY, name: str = NAME
) -> Sanic[Any, Any]:
    """The application, ready to be served; it connects when the server starts, in each worker process."""
    settings = settings or GatewaySettings()
    logs.configure("gateway")
    app = Sanic(name, error_handler=ProblemHandler(), configure_logging=False)
    app.config.update(
        SANIC_OPTIONS,
        GRACEFUL_SHUTDOWN_TIMEOUT=settings.drain_seconds,
        RESPONSE_TIMEOUT=BODY_SECONDS + settings.deadline_seconds,
    )
    # The table is opened now, not at the expense of the first request.
    places.resolve("")
    metrics = GatewayMetrics(registry)
    app.ctx.metrics = metrics
    app.ctx.registry = registry
    app.ctx.observe = observation.RequestCounts(metrics)
    app.ctx.observe_accepted = observation.accepted_counter(metrics)
    app.ctx.observe_input = observation.input_counter(metrics)
    app.ctx.varies = bool(settings.origins)
    app.ctx.accepted_head = direct.accepted_head(varies=bool(settings.origins))
    app.blueprint(input_route.blueprint)
    app.blueprint(observation.blueprint)
    app.blueprint(pages(settings.live_url))
    if settings.origins:
        origins.admit(app, settings.origins)

    @app.before_server_start
    async def start(app: Sanic[Any, Any]) -> None:
        context = app.ctx
        context.feed = _feed(settings, metrics)
        # One channel per worker process: gRPC does not survive a fork.
        context.channel = _channel(settings)
        publisher = stream.ProducerStream if settings.producer_calls == "stream" else unary.UnaryCalls
        context.publisher = publisher(
            tweets_pb2_grpc.TweetPublisherStub(context.channel),
            metrics,
            max_in_flight=settings.max_in_flight,
            deadline_seconds=settings.deadline_seconds,
            collect_seconds=settings.collect_milliseconds / 1000,
            on_accepted=context.feed.offer if context.feed else lambda tweets: None,  # noqa: ARG005
        )

    @app.after_server_stop
    async def stop(app: Sanic[Any, Any]) -> None:
        # The requests in flight are answered by now.
        await app.ctx.publisher.close()
        await app.ctx.channel.close()
        if app.ctx.feed:
            await app.ctx.feed.close()

    return app


def _channel(settings: GatewaySettings) -> grpc.aio.Channel:
    if not settings.producer_ca_file:
        return grpc.aio.insecure_channel(settings.producer_target, options=stream.CHANNEL_OPTIONS)
    authority = Path(settings.producer_ca_file).read_bytes()
    return grpc.aio.secure_channel(
        settings.producer_target, grpc.ssl_channel_credentials(authority), options=stream.CHANNEL_OPTIONS
    )


def _feed(settings: GatewaySettings, metrics: GatewayMetrics) -> LiveFeed | None:
    if not settings.writer_url:
        return None
    return LiveFeed(
        settings.writer_url, settings.writer_token.get_secret_value(), settings.feed_buffer, metrics
    )
