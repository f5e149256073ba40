"""The row *Keys* of *Pipeline*, over a real Prometheus that scrapes what a gateway with keys exposes."""

import re
import time
from collections.abc import Iterator
from copy import deepcopy
from threading import Event, Thread

import pytest
from prometheus_client import CollectorRegistry, start_http_server

from operations.local.prometheus import Prometheus
from tests.observability.boards import KEYS, Panel, board
from tests.observability.prometheus_source import PrometheusSource
from weather_tweets.metrics import GatewayMetrics

DEADLINE_SECONDS = 60
_SENT = {
    ("swarm", "accepted"): 40,
    ("swarm", "invalid"): 3,
    ("swarm", "over_quota"): 7,
    ("ana", "accepted"): 5,
}
LEGENDS = {
    "Accepted by key": {"swarm", "ana"},
    "Not accepted by key": {"swarm: invalid"},
    "Over quota by key": {"swarm"},
    "Turned away for their key": {"missing", "unknown", "disabled"},
}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusSource]:
    registry, ended = CollectorRegistry(), Event()
    metrics = GatewayMetrics(registry)

    def send() -> None:
        while not ended.wait(0.1):
            for (key, outcome), tweets in _SENT.items():
                metrics.key_tweets.labels(key, outcome).inc(tweets)
            metrics.key_refusals.labels("unknown").inc()

    server, serving = start_http_server(0, "127.0.0.1", registry)
    sending = Thread(target=send)
    sending.start()
    prometheus = Prometheus(
        tmp_path_factory.mktemp("prometheus"),
        {"weather-gateway": [f"127.0.0.1:{server.server_port}"]},
        rules=[],
        scrape_seconds=1,
    )
    try:
        prometheus.start()
        yield PrometheusSource(prometheus.url, board("pipeline"), rate_interval="10s", since_seconds=30)
    finally:
        prometheus.stop()
        ended.set()
        sending.join()
        server.shutdown()
        server.server_close()
        serving.join()


def test_what_became_of_each_keys_tweets_is_drawn(source: PrometheusSource) -> None:
    assert {panel.title for panel in KEYS} == set(LEGENDS)
    deadline = time.monotonic() + DEADLINE_SECONDS
    for panel in KEYS:
        while True:
            drawn = source.series(panel)
            if set(drawn) == LEGENDS[panel.title] and any(values[-1] > 0 for values in drawn.values()):
                break
            assert time.monotonic() < deadline, (panel.title, drawn)
            time.sleep(0.2)


def test_a_metric_under_another_name_leaves_its_panel_empty(source: PrometheusSource) -> None:
    for panel in KEYS:
        renamed = Panel("pipeline", deepcopy(panel.model))
        for target in renamed.targets:
            target["expr"] = re.sub(r"\bweather_gateway_key", "renamed_key", target["expr"])
        assert source.series(renamed) == {}
