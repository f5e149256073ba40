"""`docs/metrics.md`, from the metrics themselves: `python -m observability.metrics_page` writes it."""

from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.metrics import MetricWrapperBase

from weather_tweets.metrics import GatewayMetrics, ProducerMetrics, StreamsMetrics, WriterMetrics

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
are called `weather-gateway`, `weather-producer`, `weather-streams` and `weather-writer`. The gateway's
figures are those of all its worker processes together. `weather-tweets up --observe` starts a Prometheus that
scrapes them all.
"""


def page() -> str:
    """The page as it should be."""
    return "\n".join([_HEAD, *(_section(service) for service in SERVICES)])


def metrics(service: str) -> list[MetricWrapperBase]:
    """The metrics of one service, in the order of their definition."""
    defined = SERVICES[service](CollectorRegistry())
    return [value for value in vars(defined).values() if isinstance(value, MetricWrapperBase)]


def exposed_name(metric: MetricWrapperBase) -> str:
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
