"""Every metric of every service, defined once with its meaning.

Names follow Prometheus' conventions: prefix `weather_<service>_`, base units, `_total` for counters. A
service makes the one class that is its own; its registry can be handed in, so that tests start from zero.

Where the values of a label are known they are there from the start, at zero: Prometheus sees the first dead
letter only as a rise from something.
"""

import time
from collections.abc import Callable, Iterator, Mapping

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from weather_tweets import countries

LATENCY_BUCKETS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
BATCH_BUCKETS_TWEETS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)


REFUSALS = ("invalid", "unavailable", "exhausted", "deadline")
"""Why the gateway refuses tweets."""
KEY_OUTCOMES = ("accepted", "invalid", "refused", "over_quota", "unanswered")
"""What becomes of the tweets that are sent with a key; `unanswered`: the client left before the answer."""
KEY_REFUSALS = ("missing", "unknown", "disabled")
"""Why a request is refused for its key."""
REJECTIONS = ("invalid", "unavailable", "exhausted")
"""Why the producer rejects tweets."""
OUTCOMES = ("message", "dead", "repeat")
"""What becomes of a record of the topic."""
STORES = ("dead", "mongo", "redis", "history")
"""What the streams write to; `dead` is the topic of dead letters."""
READ_REFUSALS = ("busy", "away", "slow")
"""Why the gateway refuses a question: too many at once, no MongoDB, no answer in time."""
VIEWER_REFUSALS = ("origin", "limit")
"""Why the writer does not let a viewer in."""


def _known(counter: Counter | Histogram, values: tuple[str, ...]) -> None:
    for value in values:
        counter.labels(value)


class Clock(Collector):
    """`weather_<service>_time_seconds`: what time it is for a service, when it is asked.

    Prometheus has the time of the scrape beside it, and so the difference between the two clocks. No gauge of
    prometheus_client's: with several processes that is a number in a file, and not the time.
    """

    _type = "gauge"
    _labelnames = ()

    def __init__(self, service: str, registry: CollectorRegistry) -> None:
        self._name = f"weather_{service}_time_seconds"
        registry.register(self)

    def describe(self) -> list[GaugeMetricFamily]:
        return [self._family()]

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield self._family(time.time())

    def _family(self, value: float | None = None) -> GaugeMetricFamily:
        meaning = "The service's clock, in seconds since the epoch: compared with Prometheus' own"
        return GaugeMetricFamily(self._name, meaning, value)


class CountedTweets(Collector):
    """`weather_streams_tweets_total`: what the tallies say when they are asked, which costs counting nothing.

    A series is of a partition, which is one worker's at a time: so each only grows, and the sum over workers
    is a country's count. Whoever has a partition no more does not tell of it.
    """

    _name = "weather_streams_tweets"
    _type = "counter"
    _labelnames = ("partition", "code", "country")

    def __init__(self, registry: CollectorRegistry) -> None:
        self.read: Callable[[], Mapping[int, Mapping[str, int]]] = dict
        """By partition of this worker, its tweets by country's code."""
        registry.register(self)

    def describe(self) -> list[CounterMetricFamily]:
        return [self._family()]

    def collect(self) -> Iterator[CounterMetricFamily]:
        family, known = self._family(), countries.by_code()
        for partition, by_code in sorted(self.read().items()):
            for code, tweets in by_code.items():
                # A code that is no country any more keeps its count.
                name = known[code].name if code in known else code
                family.add_metric([str(partition), code, name], tweets)
        yield family

    def _family(self) -> CounterMetricFamily:
        meaning = "Tweets that the tallies of this worker's partitions have counted, ever, by country"
        return CounterMetricFamily(self._name, meaning, labels=self._labelnames)


class GatewayMetrics:
    """The REST front door. Gauges are summed over its worker processes."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self.clock = Clock("gateway", registry)
        self.requests = Counter(
            "weather_gateway_requests", "Requests answered", ["method", "route", "status"], registry=registry
        )
        self.request_seconds = Histogram(
            "weather_gateway_request_duration_seconds",
            "From a request's arrival to its answer; for /input this includes Kafka's acknowledgement",
            ["route"],
            buckets=LATENCY_BUCKETS_SECONDS,
            registry=registry,
        )
        self.accepted = Counter("weather_gateway_tweets_accepted", "Tweets that Kafka has", registry=registry)
        self.refused = Counter(
            "weather_gateway_tweets_refused",
            "Tweets not accepted: invalid, unavailable, exhausted or deadline",
            ["reason"],
            registry=registry,
        )
        _known(self.refused, REFUSALS)
        self.reads_refused = Counter(
            "weather_gateway_reads_refused",
            "Questions about tweets that were not answered: busy (too many at once), away (MongoDB) or slow",
            ["reason"],
            registry=registry,
        )
        _known(self.reads_refused, READ_REFUSALS)
        self.in_flight = Gauge(
            "weather_gateway_tweets_in_flight",
            "Tweets waiting for Kafka's acknowledgement",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self.batch_tweets = Histogram(
            "weather_gateway_batch_tweets",
            "Tweets in one batch to the producer",
            buckets=BATCH_BUCKETS_TWEETS,
            registry=registry,
        )
        self.resent = Counter(
            "weather_gateway_tweets_resent",
            "Tweets sent again after the stream to the producer broke",
            registry=registry,
        )
        self.producer_connected = Gauge(
            "weather_gateway_producer_connected",
            "Worker processes whose stream to the producer is up",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self.feed_dropped = Counter(
            "weather_gateway_feed_dropped_tweets",
            "Accepted tweets that the live view will not show, because the buffer to its writer was full",
            registry=registry,
        )
        self.key_tweets = Counter(
            "weather_gateway_key_tweets",
            "Tweets sent with a key, by its name: accepted, invalid, refused, over_quota or unanswered",
            ["key", "outcome"],
            registry=registry,
        )
        self.key_refusals = Counter(
            "weather_gateway_key_refusals",
            "Requests refused for their key: missing, unknown or disabled",
            ["reason"],
            registry=registry,
        )
        _known(self.key_refusals, KEY_REFUSALS)
        self.keys_file_unusable = Gauge(
            "weather_gateway_keys_file_unusable",
            "1 while the file of keys cannot be used and the keys of before still hold",
            registry=registry,
            multiprocess_mode="livemax",
        )


class ProducerMetrics:
    """The gRPC producer."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self.clock = Clock("producer", registry)
        self.published = Counter(
            "weather_producer_tweets_published", "Tweets acknowledged by Kafka", registry=registry
        )
        self.rejected = Counter(
            "weather_producer_tweets_rejected",
            "Tweets that Kafka does not have: invalid, unavailable or exhausted",
            ["reason"],
            registry=registry,
        )
        _known(self.rejected, REJECTIONS)
        self.batch_tweets = Histogram(
            "weather_producer_batch_tweets",
            "Tweets in one batch of the stream",
            buckets=BATCH_BUCKETS_TWEETS,
            registry=registry,
        )
        self.publish_seconds = Histogram(
            "weather_producer_publish_duration_seconds",
            "From a batch's arrival to Kafka's acknowledgement of all of it",
            buckets=LATENCY_BUCKETS_SECONDS,
            registry=registry,
        )
        self.in_flight = Gauge(
            "weather_producer_tweets_in_flight",
            "Tweets waiting for Kafka's acknowledgement",
            registry=registry,
        )
        self.streams = Gauge("weather_producer_streams_open", "Batch streams open", registry=registry)
        self.under_replicated = Gauge(
            "weather_producer_partitions_under_replicated",
            "Partitions of the topic that fewer brokers have up to date than should; NaN while Kafka is away",
            registry=registry,
        )
        self.without_leader = Gauge(
            "weather_producer_partitions_without_leader",
            "Partitions of the topic that no broker leads: not to be written to; NaN while Kafka is away",
            registry=registry,
        )


class StreamsMetrics:
    """One Faust worker."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self.clock = Clock("streams", registry)
        self.processed = Counter(
            "weather_streams_records_processed",
            "Records settled, by outcome: message, dead or repeat",
            ["outcome"],
            registry=registry,
        )
        _known(self.processed, OUTCOMES)
        self.redelivered = Counter(
            "weather_streams_records_redelivered",
            "Records that the tally had counted before and that were therefore skipped",
            registry=registry,
        )
        self.batch_records = Histogram(
            "weather_streams_batch_records",
            "Records in one batch of a partition",
            buckets=BATCH_BUCKETS_TWEETS,
            registry=registry,
        )
        self.batch_seconds = Histogram(
            "weather_streams_batch_duration_seconds",
            "From a batch's arrival in the agent to its acknowledgement",
            buckets=LATENCY_BUCKETS_SECONDS,
            registry=registry,
        )
        self.store_seconds = Histogram(
            "weather_streams_store_duration_seconds",
            "One write of a batch: mongo, redis or dead (letters)",
            ["store"],
            buckets=LATENCY_BUCKETS_SECONDS,
            registry=registry,
        )
        _known(self.store_seconds, STORES)
        self.store_retries = Counter(
            "weather_streams_store_retries", "Writes tried again, by store", ["store"], registry=registry
        )
        _known(self.store_retries, STORES)
        self.lag = Gauge(
            "weather_streams_lag_records",
            "Records of a partition behind its end",
            ["partition"],
            registry=registry,
        )
        self.tweets = CountedTweets(registry)
        self.kinds = Counter(
            "weather_streams_kinds",
            "Kinds of weather that counted tweets spoke of, by country",
            ["code", "country", "kind"],
            registry=registry,
        )
        self.topic_partitions = Gauge(
            "weather_streams_topic_partitions",
            "Partitions that the topic has: the lag is known if that of each is",
            registry=registry,
        )
        self.history_behind = Gauge(
            "weather_streams_history_behind_seconds",
            "How long what was counted waits at most for the history in MongoDB",
            registry=registry,
        )
        self.purged = Counter(
            "weather_streams_tweets_purged",
            "Tweets deleted from MongoDB because they were old (WEATHER_MONGO_RETENTION_DAYS)",
            registry=registry,
        )
        self.retention_behind = Gauge(
            "weather_streams_retention_behind_seconds",
            "How long there have been tweets in MongoDB that are older than they are to be kept",
            registry=registry,
        )
        self.rewinds = Counter(
            "weather_streams_rewinds",
            "Seeks back because records were missing between the tally and a batch",
            registry=registry,
        )
        self.lost = Counter(
            "weather_streams_records_lost",
            "Offsets that the log itself no longer has (retention, a recreated topic)",
            registry=registry,
        )
        self.lost_records = Gauge(
            "weather_streams_lost_records",
            "Offsets of a partition that its log no longer had when they were to be counted, ever",
            ["partition"],
            registry=registry,
        )
        self.waiting = Gauge(
            "weather_streams_waiting",
            "1 for what a worker waits for: a store, Kafka, a topic, the end of a transaction",
            ["what"],
            registry=registry,
        )
        self.dead_share = Gauge(
            "weather_streams_dead_share_limit_ratio",
            "Share of dead letters that raises an alert (WEATHER_STREAMS_DEAD_SHARE)",
            registry=registry,
        )
        self.rebalances = Counter("weather_streams_rebalances", "Assignments received", registry=registry)


class WriterMetrics:
    """The WebSocket writer."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self.clock = Clock("writer", registry)
        self.ingested = Counter(
            "weather_writer_tweets_ingested", "Tweets written to Redis", registry=registry
        )
        self.dropped = Counter(
            "weather_writer_tweets_dropped",
            "Tweets not written, because Redis was away and the buffer full",
            registry=registry,
        )
        self.redis_seconds = Histogram(
            "weather_writer_redis_duration_seconds",
            "One pipelined write to Redis",
            buckets=LATENCY_BUCKETS_SECONDS,
            registry=registry,
        )
        self.viewers = Gauge("weather_writer_viewers", "Viewers of /live", registry=registry)
        self.viewers_refused = Counter(
            "weather_writer_viewers_refused",
            "Viewers not let in: origin or limit",
            ["reason"],
            registry=registry,
        )
        _known(self.viewers_refused, VIEWER_REFUSALS)
        self.viewers_dropped = Counter(
            "weather_writer_viewers_dropped",
            "Viewers dropped because they read too slowly",
            registry=registry,
        )
