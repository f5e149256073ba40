"""*Pipeline*: every service's rate, errors, latency and saturation, from Prometheus."""

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row

from observability.dashboards.panels import SMALL, WIDE, Queries, lines, number, percentiles
from observability.dashboards.sources import prometheus_variable

ONE_PER_REPLICA = {
    "gateway": "weather_gateway_tweets_in_flight",
    "producer": "weather_producer_streams_open",
    "streams": "weather_streams_rebalances_total",
    "writer": "weather_writer_viewers",
}
"""A metric of which each replica has one series: so a service is known, whatever its scrape job is called."""


def rate(counter: str, by: str = "") -> str:
    """A counter's increase per second, over all instances."""
    return f"sum{f' by ({by}) ' if by else ''}(rate({counter}[$__rate_interval]))"


def dashboard() -> Dashboard:
    """One row per service, in the order in which a tweet passes them."""
    board = (
        Dashboard("Pipeline")
        .uid("weather-pipeline")
        .description("From the POST to every store: rate, errors, latency and saturation of each service.")
        .tags(["weather-tweets"])
        .timezone("browser")
        .time("now-15m", "now")
        .refresh("5s")
        .readonly()
        .with_variable(prometheus_variable())
    )
    for add in (_at_a_glance, _gateway, _producer, _streams, _stores, _writer, _processes, _keys):
        add(board)
    return board


def _at_a_glance(board: Dashboard) -> None:
    board.with_row(Row("At a glance"))
    board.with_panel(number("Accepted", rate("weather_gateway_tweets_accepted_total"), unit="cps"))
    board.with_panel(number("Processed", rate("weather_streams_records_processed_total"), unit="cps"))
    board.with_panel(
        number(
            "/input p99",
            "histogram_quantile(0.99, sum by (le) "
            '(rate(weather_gateway_request_duration_seconds_bucket{route="/input"}[$__rate_interval])))',
            unit="s",
            warn=1,
        )
    )
    board.with_panel(
        number(
            "Errors of requests",
            'sum(rate(weather_gateway_requests_total{status=~"5.."}[$__rate_interval])) '
            "/ sum(rate(weather_gateway_requests_total[$__rate_interval])) "
            "or 0 * sum(rate(weather_gateway_requests_total[$__rate_interval]))",
            unit="percentunit",
            warn=0.01,
        )
    )
    board.with_panel(
        number("Lag", "sum(weather_streams_lag_records)", unit="locale", decimals=0, warn=10_000)
    )
    board.with_panel(
        number(
            "Dead letters",
            'sum(increase(weather_streams_records_processed_total{outcome="dead"}[$__range])) '
            "or 0 * sum(weather_streams_records_processed_total)",
            unit="locale",
            decimals=0,
            warn=1,
        )
    )


def _gateway(board: Dashboard) -> None:
    board.with_row(Row("Gateway"))
    board.with_panel(
        lines(
            "Requests by status",
            {"{{status}}": rate("weather_gateway_requests_total", "status")},
            unit="reqps",
            width=SMALL,
            stacked=True,
        )
    )
    board.with_panel(
        percentiles(
            "/input, Kafka's acknowledgement included",
            'weather_gateway_request_duration_seconds{route="/input"}',
            unit="s",
            width=SMALL,
        )
    )
    board.with_panel(
        lines(
            "Tweets waiting for Kafka",
            {"in flight": "sum(weather_gateway_tweets_in_flight)"},
            unit="short",
            width=SMALL,
            description="Saturation: beyond WEATHER_GATEWAY_MAX_IN_FLIGHT requests are refused with 503.",
        )
    )
    board.with_panel(
        percentiles("Tweets per batch", "weather_gateway_batch_tweets", unit="short", width=SMALL)
    )
    board.with_panel(
        lines(
            "Tweets accepted and refused",
            {
                "accepted": rate("weather_gateway_tweets_accepted_total"),
                "refused: {{reason}}": rate("weather_gateway_tweets_refused_total", "reason"),
            },
            unit="cps",
            width=WIDE,
        )
    )
    board.with_panel(
        lines(
            "Stream to the producer, and feed of the live view",
            {
                "streams up": "sum(weather_gateway_producer_connected)",
                "sent again/s": rate("weather_gateway_tweets_resent_total"),
                "not shown live/s": rate("weather_gateway_feed_dropped_tweets_total"),
            },
            unit="short",
            width=WIDE,
        )
    )


def _producer(board: Dashboard) -> None:
    board.with_row(Row("Producer"))
    board.with_panel(
        lines(
            "Tweets published and rejected",
            {
                "published": rate("weather_producer_tweets_published_total"),
                "rejected: {{reason}}": rate("weather_producer_tweets_rejected_total", "reason"),
            },
            unit="cps",
            width=SMALL,
        )
    )
    board.with_panel(
        percentiles(
            "Batch until Kafka has all of it",
            "weather_producer_publish_duration_seconds",
            unit="s",
            width=SMALL,
        )
    )
    board.with_panel(
        lines(
            "In flight and streams",
            {
                "tweets in flight": "sum(weather_producer_tweets_in_flight)",
                "streams open": "sum(weather_producer_streams_open)",
            },
            unit="short",
            width=SMALL,
        )
    )
    board.with_panel(
        percentiles("Tweets per batch", "weather_producer_batch_tweets", unit="short", width=SMALL)
    )


def _streams(board: Dashboard) -> None:
    board.with_row(Row("Streams"))
    board.with_panel(
        lines(
            "Records by outcome",
            {"{{outcome}}": rate("weather_streams_records_processed_total", "outcome")},
            unit="cps",
            width=SMALL,
            stacked=True,
        )
    )
    board.with_panel(
        lines(
            "Lag by partition",
            {"{{partition}}": "max by (partition) (weather_streams_lag_records)"},
            unit="short",
            width=SMALL,
            stacked=True,
        )
    )
    board.with_panel(
        percentiles("Records per batch", "weather_streams_batch_records", unit="short", width=SMALL)
    )
    board.with_panel(
        percentiles(
            "Batch until acknowledged", "weather_streams_batch_duration_seconds", unit="s", width=SMALL
        )
    )
    board.with_panel(
        lines(
            "Dead letters and repeats",
            {
                "{{outcome}}": "sum by (outcome) "
                '(rate(weather_streams_records_processed_total{outcome=~"dead|repeat"}[$__rate_interval]))',
            },
            unit="cps",
            width=WIDE,
        )
    )
    board.with_panel(
        lines(
            "What exactness absorbed",
            {
                "redelivered": rate("weather_streams_records_redelivered_total"),
                "rewinds": rate("weather_streams_rewinds_total"),
                "lost from the log": rate("weather_streams_records_lost_total"),
                "rebalances": rate("weather_streams_rebalances_total"),
            },
            unit="cps",
            width=WIDE,
        )
    )


def _stores(board: Dashboard) -> None:
    board.with_row(Row("Stores"))
    board.with_panel(
        percentiles(
            "Writes of the streams",
            "weather_streams_store_duration_seconds",
            unit="s",
            by="store",
            width=WIDE,
        )
    )
    board.with_panel(
        lines(
            "Writes tried again",
            {"{{store}}": rate("weather_streams_store_retries_total", "store")},
            unit="cps",
            width=WIDE,
            description="More than nothing: the store is away or refuses; consuming waits, nothing is lost.",
        )
    )


def _writer(board: Dashboard) -> None:
    board.with_row(Row("Writer of the live view"))
    board.with_panel(
        lines(
            "Tweets written and dropped",
            {
                "written": rate("weather_writer_tweets_ingested_total"),
                "dropped": rate("weather_writer_tweets_dropped_total"),
            },
            unit="cps",
        )
    )
    board.with_panel(percentiles("Writes to Redis", "weather_writer_redis_duration_seconds", unit="s"))
    board.with_panel(
        lines(
            "Viewers",
            {
                "watching": "sum(weather_writer_viewers)",
                "dropped, too slow/s": rate("weather_writer_viewers_dropped_total"),
                "refused: {{reason}}/s": rate("weather_writer_viewers_refused_total", "reason"),
            },
            unit="short",
        )
    )


def _processes(board: Dashboard) -> None:
    board.with_row(Row("Replicas and processes"))
    board.with_panel(
        lines(
            "Replicas",
            {service: f"count({metric})" for service, metric in ONE_PER_REPLICA.items()},
            unit="short",
        )
    )
    board.with_panel(
        lines(
            "CPU",
            _of_processes("rate(process_cpu_seconds_total[$__rate_interval])"),
            unit="short",
            description="CPU-seconds per second; of the gateway, all its processes together.",
        )
    )
    board.with_panel(lines("Memory", _of_processes("process_resident_memory_bytes"), unit="bytes"))


def _of_processes(expression: str) -> Queries:
    return {
        service: f"sum({expression} and on (job, instance) {metric})"
        for service, metric in ONE_PER_REPLICA.items()
    }


def _keys(board: Dashboard) -> None:
    # The last one: where no keys are asked for, it has nothing to show.
    board.with_row(Row("Keys"))
    by_key = "sum by (key, outcome) (rate(weather_gateway_key_tweets_total{outcome%s}[$__rate_interval]))"
    board.with_panel(
        lines("Accepted by key", {"{{key}}": by_key % '="accepted"'}, unit="cps", width=SMALL, stacked=True)
    )
    board.with_panel(
        lines(
            "Not accepted by key",
            {"{{key}}: {{outcome}}": by_key % '!~"accepted|over_quota"'},
            unit="cps",
            width=SMALL,
        )
    )
    board.with_panel(
        lines(
            "Over quota by key",
            {"{{key}}": by_key % '="over_quota"'},
            unit="cps",
            width=SMALL,
            description="Answered 429. `weather-tweets keys new --rate` gives a key another rate.",
        )
    )
    board.with_panel(
        lines(
            "Turned away for their key",
            {"{{reason}}": rate("weather_gateway_key_refusals_total", "reason")},
            unit="reqps",
            width=SMALL,
            description="A key that is missing, unknown (also one that was taken out) or disabled.",
        )
    )
