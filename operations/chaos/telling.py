"""What Prometheus could have told of a fault: metrics that show it, and alerts."""

import shutil
from collections.abc import Mapping
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

import msgspec

from operations.local import control
from operations.local.folder import Folder
from weather_tweets import nearby

SCRAPE_SECONDS = 1
_ASK_SECONDS = 10.0
_LATE_SECONDS = 0.25
"""A mean above it is no usual one: with this load on a quiet machine all of them are under 50 ms."""
_LAG_RECORDS = 500
"""Two seconds of the load."""

_RISING = (
    ("reason", 'weather_gateway_tweets_refused_total{reason!="invalid"}'),
    ("", "weather_gateway_tweets_resent_total"),
    ("", "weather_gateway_feed_dropped_tweets_total"),
    ("reason", 'weather_producer_tweets_rejected_total{reason!="invalid"}'),
    ("store", "weather_streams_store_retries_total"),
    ("", "weather_streams_records_redelivered_total"),
    ("", "weather_streams_rewinds_total"),
    ("", "weather_streams_rebalances_total"),
    ("", "weather_streams_records_lost_total"),
    ("", "weather_writer_tweets_dropped_total"),
)
_SLOW = (
    ("", "weather_gateway_request_duration_seconds", '{route="/input"}'),
    ("", "weather_producer_publish_duration_seconds", ""),
    ("", "weather_streams_batch_duration_seconds", ""),
    ("store", "weather_streams_store_duration_seconds", ""),
    ("", "weather_writer_redis_duration_seconds", ""),
)
_NEVER_ABOVE_ZERO = (
    "weather_producer_partitions_under_replicated",
    "weather_producer_partitions_without_leader",
)
_SKEW_SECONDS = 30
_FLOWING = (
    "weather_gateway_tweets_accepted_total",
    "weather_producer_tweets_published_total",
    "weather_streams_records_processed_total",
    "weather_writer_tweets_ingested_total",
)


def signs(window_seconds: int) -> Mapping[str, str]:
    """By what a reader would say of it, an expression that has a value where a metric shows that something
    is wrong, within so many seconds before it is asked for."""
    window = f"[{window_seconds}s]"
    steps = f"[{window_seconds}s:1s]"
    found = {"up is 0": f"min by (job) (min_over_time(up{window})) == 0"}
    for label, metric in _RISING:
        found[f"{metric.partition('{')[0]} rose"] = f"sum by ({label}) (increase({metric}{window})) > 0"
    for label, metric, labels in _SLOW:
        name = f"{metric}: over {_LATE_SECONDS:g} s on average"
        rates = [f"sum by ({label}) (rate({metric}_{part}{labels}[3s]))" for part in ("sum", "count")]
        found[name] = f"max_over_time(({rates[0]} / {rates[1]}){steps}) > {_LATE_SECONDS}"
    for metric in _FLOWING:
        rate = f"sum(rate({metric}[4s]))"
        before = f"[60s:1s] offset {window_seconds}s"
        found[f"{metric}: fell by half"] = (
            f"min_over_time({rate}{steps}) < 0.5 * quantile_over_time(0.5, {rate}{before})"
        )
    for metric in _NEVER_ABOVE_ZERO:
        found[metric] = f"max(max_over_time({metric}{window})) > 0"
    for service in ("gateway", "producer", "streams", "writer"):
        clock = f"weather_{service}_time_seconds"
        found[f"{clock}: over {_SKEW_SECONDS} s off"] = (
            f"max(max_over_time((abs({clock} - timestamp({clock}))){steps})) > {_SKEW_SECONDS}"
        )
    found["weather_gateway_producer_connected is 0"] = (
        f"min_over_time(sum(weather_gateway_producer_connected){steps}) == 0"
    )
    found["weather_streams_waiting"] = f"max by (what) (max_over_time(weather_streams_waiting{window})) > 0"
    found[f"weather_streams_lag_records: over {_LAG_RECORDS}"] = (
        f"max_over_time(sum(weather_streams_lag_records){steps}) > {_LAG_RECORDS}"
    )
    return found


class Prometheus:
    """The stack's own, with the chart's rules."""

    def __init__(self, url: str) -> None:
        self._url = url

    def metrics(self, begin: float, end: float) -> list[str]:
        """Which showed something between these moments (seconds since the epoch)."""
        told: list[str] = []
        for name, expression in signs(max(2, round(end - begin))).items():
            told += [
                name + "".join(f" ({value})" for value in labels.values())
                for labels in self._ask(expression, end)
            ]
        return told

    def alerts(self, begin: float, end: float) -> list[str]:
        """Those that began between these moments: pending, or firing."""
        window = max(2, round(end - begin))
        before = {labels["alertname"] for labels in self._ask("ALERTS", begin)}
        return sorted(
            f"{labels['alertname']} ({labels['alertstate']})"
            for labels in self._ask(f"max by (alertname, alertstate) (max_over_time(ALERTS[{window}s]))", end)
            if labels["alertname"] not in before
        )

    def rise(self, metric: str, begin: float, end: float) -> int:
        """By how much a counter has grown over all its series, also those of processes that ended."""
        by_series = self._request("query_range", query=metric, start=begin, end=end, step=SCRAPE_SECONDS)
        risen = 0.0
        for series in by_series:
            values = [float(value) for _, value in series["values"]]
            for before, after in pairwise(values):
                # A process that began anew counts from zero.
                risen += after - before if after >= before else after
        return round(risen)

    def _ask(self, expression: str, moment: float) -> list[dict[str, str]]:
        answer = self._request("query", query=expression, time=moment)
        return [
            {name: value for name, value in one["metric"].items() if name != "__name__"} for one in answer
        ]

    def _request(self, what: str, **arguments: Any) -> list[dict[str, Any]]:
        body = nearby.get(f"{self._url}/api/v1/{what}?{urlencode(arguments)}", timeout_seconds=_ASK_SECONDS)
        result: list[dict[str, Any]] = msgspec.json.decode(body)["data"]["result"]
        return result


def observe(folder: Folder) -> Prometheus | None:
    """Has the stack's Prometheus watch, if there is one on PATH. Raises `ControlError`."""
    if not shutil.which("prometheus"):
        return None
    return Prometheus(control.call(folder, "observe", scrape_seconds=SCRAPE_SECONDS))
