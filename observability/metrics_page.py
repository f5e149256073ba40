"""`docs/metrics.md`, from the metrics themselves: `python -m observability.metrics_page` writes it."""

from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.metrics import MetricWrapperBase

from weather_tweets.metrics import (
    Clock,
    CountedTweets,
    GatewayMetrics,
    ProducerMetrics,
    StreamsMetrics,
    WriterMetrics,
)

Metric = MetricWrapperBase | Clock | CountedTweets

PAGE = Path(__file__).parents[1] / "docs" / "metrics.md"

SERVICES = {
    "gateway": GatewayMetrics,
    "producer": ProducerMetrics,
    "streams": StreamsMetrics,
    "writer": WriterMetrics,
}

_HEAD = """\
# Metrics

Each is defined once, in `weather_tweets/metrics.py`; `python -m observability.metrics_page` writes this page.

Every service serves them at `GET /metrics`: the gateway, the streams and the writer on their own port, the
producer on its metrics port. Names follow Prometheus' conventions: base units, `_total` for counters. Jobs
are called `weather-gateway`, `weather-producer`, `weather-streams` and `weather-writer`.
`weather-tweets up --observe` starts a Prometheus that scrapes them all.

Beside them each serves the standard `process_*` metrics (CPU seconds, memory, file descriptors, start).

A gateway of several worker processes (`WEATHER_GATEWAY_WORKERS`) answers as one, whichever process is asked:
counters and histograms are sums that go on when a worker is replaced, gauges are sums over the workers that
live, and `process_*` is the sum over them and the process that starts them. Its CPU seconds include those of
workers that have ended, its start is the first process's, and its resident memory counts a page as often as
processes share it. `python_*` (the interpreter's garbage collector) is there with one process only.
"""


def page() -> str:
    """The page as it should be."""
    return "\n".join([_HEAD, *(_section(service) for service in SERVICES)])


def metrics(service: str) -> list[Metric]:
    """The metrics of one service, in the order of their definition."""
    defined = SERVICES[service](CollectorRegistry())
    return [value for value in vars(defined).values() if isinstance(value, Metric)]


def exposed_name(metric: Metric) -> str:
    """The name under which Prometheus has it."""
    (family,) = metric.describe()
    return f"{family.name}_total" if family.type == "counter" else family.name


def _section(service: str) -> str:
    rows = []
    for metric in metrics(service):
        (family,) = metric.describe()
        labels = ", ".join(f"`{label}`" for label in metric._labelnames)
        rows.append(f"| `{exposed_name(metric)}` | {family.type} | {labels} | {family.documentation} |")
    return "\n".join(
        [
            f"## {service.capitalize()}",
            "",
            "| Name | Type | Labels | Meaning |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
