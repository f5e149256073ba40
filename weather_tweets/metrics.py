"""Every metric of every service, defined once with its meaning.

Names follow Prometheus' conventions: prefix `weather_<service>_`, base units, `_total` for counters. A
service makes the one class that is its own; its registry can be handed in, so that tests start from zero.

Where the values of a label are known they are there from the start, at zero: Prometheus sees the first dead
letter only as a rise from something.
"""

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

LATENCY_BUCKETS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
BATCH_BUCKETS_TWEETS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)


REFUSALS = ("invalid", "unavailable", "exhausted", "deadline")
"""Why the gateway refuses tweets."""
REJECTIONS = ("invalid", "unavailable", "exhausted")
"""Why the producer rejects tweets."""
OUTCOMES = ("message", "dead", "repeat")
"""What becomes of a record of the topic."""
STORES = ("dead", "mongo", "redis")
"""What the streams write to; `dead` is the topic of dead letters."""
VIEWER_REFUSALS = ("origin", "limit")
"""Why the writer does not let a viewer in."""


def _known(counter: Counter | Histogram, values: tuple[str, ...]) -> None:
    for value in values:
        counter.labels(value)


class GatewayMetrics:
    """The REST front door. Gauges are summed over its worker processes."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
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


class ProducerMetrics:
    """The gRPC producer."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
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


class StreamsMetrics:
    """One Faust worker."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
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
