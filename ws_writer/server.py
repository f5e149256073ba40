"""Wiring and life cycle: config → startup → serve → drain."""

import asyncio
import logging
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prometheus_client import REGISTRY, CollectorRegistry
from websockets.asyncio.server import ServerConnection, serve

from weather_tweets import open_files
from weather_tweets.metrics import WriterMetrics
from weather_tweets.settings import RedisSettings, WriterSettings
from weather_tweets.tweet import Tweet
from ws_writer import broadcast, frames
from ws_writer.accepted import Accepted
from ws_writer.broadcast import Broadcast, count_seconds
from ws_writer.doors import INGEST, Doors
from ws_writer.ingest import ingest
from ws_writer.processed import Processed
from ws_writer.rate import Rate
from ws_writer.recording import Recorder
from ws_writer.store import LiveStore
from ws_writer.view import LiveView
from ws_writer.viewers import Viewers

logger = logging.getLogger(__name__)

# What the kernel holds for one viewer; more would only hide that it does not read.
_SEND_BUFFER_BYTES = 128 * 1024
# Viewers come all at once when a page is shared, and again after a restart.
_LISTEN_BACKLOG = 1024
_CLOSE_TIMEOUT_SECONDS = 1.0


@asynccontextmanager
async def running(
    settings: WriterSettings, redis: RedisSettings, registry: CollectorRegistry = REGISTRY
) -> AsyncIterator[int]:
    """The whole server for as long as the context lasts, drained at its end; gives the port it listens on."""
    metrics = WriterMetrics(registry)
    accepted = Accepted(settings.recent_tweets)
    processed = Processed()
    rate = Rate(broadcast.RATE_SECONDS)
    view = LiveView()
    viewers = Viewers(settings.max_viewers, metrics)
    live = Broadcast(accepted, processed, rate, view, viewers)
    store = LiveStore(redis.url.get_secret_value(), settings.recent_tweets)
    recorder = Recorder(
        store, accepted, processed, rate, view, metrics, live.notice, lambda: len(viewers) > 0
    )
    doors = Doors(
        settings, viewers, metrics, registry, lambda: recorder.is_connected, lambda: recorder.waiting_for
    )

    def take(tweets: list[Tweet]) -> None:
        accepted.add(tweets)
        view.arrive(tweets)
        live.notice()
        recorder.notice()

    def on_second(second: int) -> None:
        known, _ = processed.and_accepted(accepted.messages, accepted.by_country())
        entry = rate.tick(second, known, processed.messages)
        view.tick(entry)
        live.notice()
        recorder.tick(entry)

    async def attend(connection: ServerConnection) -> None:
        if connection.request and connection.request.path.partition("?")[0] == INGEST:
            await ingest(connection, take)
        else:
            await viewers.attend(connection, live.snapshot)

    # Every viewer is one.
    open_files.allow_many()
    server = await serve(
        attend,
        settings.host,
        settings.port,
        process_request=doors,
        server_header=None,
        compression=None,
        extensions=[frames.EXTENSION],
        max_size=settings.max_frame_bytes,
        close_timeout=_CLOSE_TIMEOUT_SECONDS,
        backlog=_LISTEN_BACKLOG,
    )
    for listener in server.sockets:
        # Inherited by every connection that it accepts.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
    port: int = next(iter(server.sockets)).getsockname()[1]
    logger.info("listening on ws://%s:%d", settings.host, port)
    if not settings.token.get_secret_value():
        logger.warning("/ingest is closed: WEATHER_WRITER_TOKEN is empty")

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(recorder.run())
        forever = [tasks.create_task(live.run()), tasks.create_task(count_seconds(on_second))]
        try:
            yield port
        finally:
            logger.info("draining")
            live.advance()
            server.close()
            await server.wait_closed()
            for task in forever:
                task.cancel()
            recorder.end(settings.drain_seconds)
    await store.close()
    logger.info("drained")


async def run(settings: WriterSettings, redis: RedisSettings) -> None:
    """Serves until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running(settings, redis):
        await stop.wait()
