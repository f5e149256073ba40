"""The Faust application: `faust -A streams.app worker`. Wiring only; settings are environment variables."""

import gc
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import faust
import uvloop
from faust.app.base import BootStrategy
from faust.types import EventT
from mode import ServiceT
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from streams.batch_span import batch_span
from streams.consumed_log import ConsumedLog
from streams.counters import Counters
from streams.dead_letters import DeadLetters
from streams.decoding import Batch, decoder, traced_decoder
from streams.history import History
from streams.history_store import HistoryStore
from streams.history_writing import HistoryWriting
from streams.indexes import Indexes
from streams.lanes import process_in_lanes
from streams.last_words import LastWords
from streams.log_limit import LogLimit
from streams.persistence import AbandonedError, Persistence
from streams.processing import Processor
from streams.publishing import Publishing
from streams.purging import Purging
from streams.restart import Worker
from streams.retention import RetentionStore
from streams.stats import ClusterStats
from streams.tally_table import NAME as TABLE
from streams.tally_table import TallyTable
from streams.topic_identity import Topic, Topics
from streams.topic_life import TopicLife
from streams.topics import TopicsReady
from streams.transport import BatchSchema
from streams.tweet_store import TweetStore
from streams.watch import Watch
from streams.web import add_pages
from weather_tweets import logs, lost_connections, traces
from weather_tweets.kafka import ssl_context
from weather_tweets.metrics import StreamsMetrics
from weather_tweets.settings import KafkaSettings, MongoSettings, RedisSettings, StreamsSettings

_log = logging.getLogger(__name__)


class Boot(BootStrategy):
    """Starts the web server first, so that health can be asked while Kafka is waited for."""

    app: "StreamsApp"

    def server(self) -> Iterable[ServiceT]:
        return self._chain(
            self.sensors(),
            self.web_server(),
            [self.app.topics_ready],
            self.kafka_producer(),
            self.kafka_consumer(),
            [self.app.topic_life, self.app.watch],
            [
                service
                for service in (self.app.publishing, self.app.history, self.app.indexes, self.app.purging)
                if service
            ],
            self.agents(),
            self.kafka_conductor(),
            self.tables(),
        )


class StreamsApp(faust.App):
    """A Faust app that waits for its topics before it subscribes."""

    BootStrategy = Boot
    topics_ready: TopicsReady
    topic_life: TopicLife
    watch: Watch
    publishing: Publishing | None = None
    history: HistoryWriting | None = None
    indexes: Indexes | None = None
    purging: Purging | None = None

    def _create_directories(self) -> None:
        # Faust makes the folder, but none that it is to be in.
        self.conf.datadir.mkdir(parents=True, exist_ok=True)
        super()._create_directories()


def create_app(
    kafka: KafkaSettings, redis: RedisSettings, mongo: MongoSettings, streams: StreamsSettings
) -> StreamsApp:
    """Makes the application; nothing is connected before its worker starts."""
    app = StreamsApp(streams.app_id, **_options(kafka, streams))
    metrics = StreamsMetrics()
    metrics.dead_share.set(streams.dead_share)
    table = TallyTable(app)
    changelog, topics = f"{app.conf.id}-{TABLE}-changelog", Topics(kafka)
    log = ConsumedLog(app, kafka.topic, topics)

    def settled() -> bool:
        return app.tables.actives_ready and not app.rebalancing

    def restart(reason: str) -> None:
        worker: Worker = cast(Any, app.beacon.root).data
        worker.begin_anew(reason)

    app.topic_life = life = TopicLife(
        kafka, changelog, topics=topics, log=log, tallies=table, settled=settled, restart=restart
    )

    def found(topic: Topic) -> None:
        table.set_partitions(topic.partitions)
        metrics.topic_partitions.set(topic.partitions)
        life.begin(topic)

    app.topics_ready = TopicsReady(kafka, changelog, topics, found)
    store = TweetStore.connect(mongo) if streams.stores else None
    counters = Counters(_redis(redis), streams.publish_seconds) if streams.stores else None

    def wanted() -> bool:
        """Whether the event in hand is of the present generation, and no new one is being agreed on."""
        event = faust.current_event()
        generation = event.message.generation_id if event else None
        return app.flow_control.is_active() and generation == app.consumer_generation_id

    tracing = traces.tracing("streams")
    persistence = Persistence(metrics, wanted, tracing.step) if tracing else Persistence(metrics, wanted)
    history = History() if streams.stores else None
    processor = Processor(
        log=log,
        tallies=table,
        letters=DeadLetters(app, kafka.dead_topic, source=kafka.topic),
        tweets=store,
        publisher=counters,
        history=history,
        persistence=persistence,
        metrics=metrics,
    )

    app.watch = watch = Watch(
        log=log,
        tallies=table.get,
        processor=processor,
        persistence=persistence,
        settled=settled,
        progress_timeout_seconds=streams.progress_timeout_seconds,
    )
    metrics.tweets.read = watch.messages
    if counters:
        app.publishing = Publishing(
            counters=counters,
            partitions=log.partitions,
            partition_count=table.partition_count,
            tallies=table.get,
            persistence=persistence,
            settled=settled,
            publish_seconds=streams.publish_seconds,
        )

    if store and history:
        app.indexes = indexes = Indexes(mongo)
        stored_history = HistoryStore.beside(store.collection)
        app.history = HistoryWriting(
            history=history,
            store=stored_history,
            partitions=log.partitions,
            tallies=table.get,
            persistence=persistence,
            settled=lambda: settled() and indexes.of_positions,
            metrics=metrics,
        )
        if mongo.retention_days:
            app.purging = Purging(
                mongo.retention_days,
                retention=RetentionStore.beside(store.collection),
                history=stored_history,
                partitions=log.partitions,
                tallies=table.get,
                settled=lambda: settled() and indexes.all_made,
                metrics=metrics,
            )

    def held_up() -> dict[str, str]:
        """A sentence for each thing about the topics because of which records are not counted."""
        return life.waiting_for | watch.held_up()

    def waiting_for() -> dict[str, str]:
        """A sentence for each thing that is waited for, which is no fault of this worker's."""
        away = watch.waiting_for()
        behind = app.history.waiting_for() if app.history else {}
        making = app.indexes.waiting_for() if app.indexes else {}
        return behind | making | held_up() | ({away.partition(":")[0]: away} if away else {})

    def trouble() -> str:
        """Why the worker is stuck, empty if it is not; without its topics it can but wait."""
        return "" if life.waiting_for else watch.trouble()

    stats = ClusterStats(
        own_url=str(app.conf.canonical_url),
        worker_urls=table.worker_urls,
        partition_count=table.partition_count,
        settled=settled,
        tallies=table.get,
        processor=processor,
        watch=watch,
        held_up=held_up,
        session=lambda: app.http_client,
    )
    add_pages(app, stats=stats, watch=watch, trouble=trouble, waiting_for=waiting_for, metrics=metrics)
    topic = app.topic(
        kafka.topic,
        schema=BatchSchema(
            traced_decoder() if tracing else decoder(), collect_milliseconds=streams.collect_milliseconds
        ),
    )
    # Beside those in hand one batch waits, the others stay with the broker and grow: many small ones cost
    # more than few large ones. Set here, because Faust 0.15.3 ignores the `maxsize` that `app.topic` takes.
    topic.maxsize = 1

    async def process_event(event: EventT[Any]) -> None:
        batch = cast(Batch, event.value)
        try:
            with metrics.batch_seconds.time(), batch_span(tracing, batch):
                done = await processor.process(batch)
        except AbandonedError:
            done = False
        except Exception as error:
            if not app.should_stop:
                # Faust would start the agent again at the batch after this one. Nothing is acknowledged: the
                # process ends, and its successor begins where this one failed.
                await app.crash(error)
                raise
            # What it works with is being closed under it.
            _log.info("a batch is left to the next owner of partition %d: %r", event.message.partition, error)
            done = False
        if done:
            metrics.batch_records.observe(len(batch.tweets) + len(batch.dead))
            event.ack()
        else:
            # It will be delivered again. A rebalance would wait for its acknowledgement for ever.
            app.consumer.unacked.discard(event.message)

    # Faust's type of an agent does not know the methods of streams.
    @app.agent(topic, name="process")  # type: ignore[arg-type]
    async def process(stream: faust.Stream[Batch]) -> None:
        await process_in_lanes(stream.noack().events(), lambda event: event.message.partition, process_event)

    @app.on_partitions_assigned.connect
    async def count_rebalance(*_: Any, **__: Any) -> None:
        metrics.rebalances.inc()

    @app.on_before_shutdown.connect
    async def close_stores(*_: Any, **__: Any) -> None:
        if app.history:
            await app.history.write_last()
        if tracing:
            tracing.close()
        if store:
            await store.close()
        if counters:
            await counters.close()

    return app


def _options(kafka: KafkaSettings, streams: StreamsSettings) -> dict[str, Any]:
    context = ssl_context(kafka)
    credentials: faust.SASLCredentials | faust.SSLCredentials | None = None
    if kafka.security_protocol.startswith("SASL_"):
        credentials = faust.SASLCredentials(
            username=kafka.sasl_username,
            password=kafka.sasl_password.get_secret_value(),
            mechanism=kafka.sasl_mechanism,
            ssl_context=context,
        )
    elif context:
        credentials = faust.SSLCredentials(context)
    host = streams.advertised_host or streams.host
    return {
        "broker": [f"batch://{server.strip()}" for server in kafka.bootstrap_servers.split(",")],
        "broker_credentials": credentials,
        "broker_session_timeout": streams.session_timeout_seconds,
        # A rebalance becomes known with a heartbeat.
        "broker_heartbeat_interval": 1.0,
        "broker_rebalance_timeout": 30.0,
        # Longer than a rebalance, or its requests time out.
        "broker_request_timeout": max(40.0, streams.session_timeout_seconds),
        "broker_max_poll_records": streams.fetch_max_records,
        "broker_commit_interval": 1.0,
        # While a store is away nothing is fetched, for however long: no reason to lose the partitions.
        "broker_max_poll_interval": 86_400.0,
        "producer_request_timeout": 30.0,
        # Faust elects a leader by a topic of its own; we need none.
        "topic_disable_leader": True,
        "topic_replication_factor": kafka.replication_factor,
        "table_standby_replicas": 0,
        "store": "memory://",
        "Worker": Worker,
        "datadir": Path(streams.data_dir),
        "logging_config": _logging(),
        "worker_redirect_stdouts": False,
        "web_bind": streams.host,
        "web_host": streams.host,
        "web_port": streams.port,
        "canonical_url": f"http://{host}:{streams.port}",
        # Faust's own pages show tables and topology to whoever asks.
        "web_router_enabled": False,
        "web_tables_enabled": False,
        "web_stats_enabled": False,
        "web_graph_enabled": False,
    }


def _logging() -> dict[str, Any]:
    config = logs.config("streams")
    config["filters"] = {"limit": {"()": LogLimit}, "last words": {"()": LastWords}}
    for handler in config["handlers"].values():
        handler["filters"] = list(config["filters"])
    return config


def _redis(settings: RedisSettings) -> Redis:
    return Redis.from_url(
        settings.url.get_secret_value(),
        max_connections=4,
        socket_connect_timeout=3.0,
        socket_timeout=10.0,
        # No retries of the client's own: `Persistence` knows better when to try again, and says so.
        retry=Retry(NoBackoff(), 0),
        health_check_interval=30,
    )


uvloop.install()
lost_connections.raise_os_errors()
# Records, tweets and documents come and go by the thousand and are in no cycles. Looking for some after every
# 700 new objects, as Python does by default, took a quarter of the CPU time of parsing.
gc.set_threshold(100_000)
app = create_app(KafkaSettings(), RedisSettings(), MongoSettings(), StreamsSettings())
