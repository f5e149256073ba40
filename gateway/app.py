"""The gateway's life: config → startup → serve → drain."""

import asyncio
from pathlib import Path
from typing import Any

import grpc
from prometheus_client import REGISTRY, CollectorRegistry
from sanic import Sanic

from gateway import direct, observation, origins, stream, unary
from gateway import input as input_route
from gateway.feed import LiveFeed
from gateway.keys import outcomes
from gateway.keys.following import KeyFile
from gateway.keys.ring import KeyRing
from gateway.pages import pages
from gateway.problems import ProblemHandler
from gateway.reads import routes
from protos import tweets_pb2_grpc
from weather_tweets import logs, places, traces
from weather_tweets.metrics import GatewayMetrics
from weather_tweets.settings import GatewaySettings, MongoSettings

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
    settings: GatewaySettings | None = None,
    *,
    mongo: MongoSettings | None = None,
    registry: CollectorRegistry = REGISTRY,
    name: str = NAME,
) -> Sanic[Any, Any]:
    """The application, ready to be served; it connects when the server starts, in each worker process.

    Raises `KeyFileError` if there is to be a file of keys, and it cannot be used.
    """
    settings = settings or GatewaySettings()
    mongo = mongo or MongoSettings()
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
    app.ctx.key_file = KeyFile(Path(settings.keys_file), metrics) if settings.keys_file else None
    app.ctx.key_ring = KeyRing(app.ctx.key_file.keys, metrics) if app.ctx.key_file else None
    app.ctx.tracing = traces.tracing("gateway")
    app.ctx.varies = bool(settings.origins)
    app.ctx.accepted_head = direct.accepted_head(varies=bool(settings.origins))
    app.blueprint(input_route.blueprint)
    app.blueprint(observation.blueprint)
    app.blueprint(routes.blueprint)
    app.blueprint(pages(settings.live_url, has_reads=_has_reads(settings, mongo)))
    app.blueprint(outcomes.blueprint)
    if settings.origins:
        origins.admit(app, settings.origins)

    @app.before_server_start
    async def start(app: Sanic[Any, Any]) -> None:
        context = app.ctx
        if context.key_file:
            context.key_following = asyncio.create_task(
                context.key_file.follow(context.key_ring.replace), name="key-file"
            )
        context.feed = _feed(settings, metrics)
        context.reads = _reads(settings, mongo, metrics)
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
        if app.ctx.key_file:
            app.ctx.key_following.cancel()
        await app.ctx.publisher.close()
        await app.ctx.channel.close()
        if app.ctx.tracing:
            app.ctx.tracing.close()
        if app.ctx.feed:
            await app.ctx.feed.close()
        if app.ctx.reads:
            await app.ctx.reads.close()

    return app


def _channel(settings: GatewaySettings) -> grpc.aio.Channel:
    if not settings.producer_ca_file:
        return grpc.aio.insecure_channel(settings.producer_target, options=stream.CHANNEL_OPTIONS)
    authority = Path(settings.producer_ca_file).read_bytes()
    return grpc.aio.secure_channel(
        settings.producer_target, grpc.ssl_channel_credentials(authority), options=stream.CHANNEL_OPTIONS
    )


def _has_reads(settings: GatewaySettings, mongo: MongoSettings) -> bool:
    return bool(settings.max_reads) and "url" in mongo.model_fields_set


def _reads(settings: GatewaySettings, mongo: MongoSettings, metrics: GatewayMetrics) -> routes.Reads | None:
    if not _has_reads(settings, mongo):
        return None
    # Only here: a gateway that answers no questions needs no driver.
    from gateway.reads.answers import Answers
    from gateway.reads.database import Database
    from gateway.reads.weather import Settled

    answers = Answers(metrics, most=settings.max_reads, seconds=settings.read_seconds)
    return routes.Reads(Database(mongo, settings), answers, Settled())


def _feed(settings: GatewaySettings, metrics: GatewayMetrics) -> LiveFeed | None:
    if not settings.writer_url:
        return None
    return LiveFeed(
        settings.writer_url, settings.writer_token.get_secret_value(), settings.feed_buffer, metrics
    )
