"""Every panel of *Energy and CO2*, run against a real Prometheus that scrapes what Kepler would expose."""

import re
import time
from collections.abc import Iterator
from copy import deepcopy
from math import isclose, isfinite
from threading import Event, Thread

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, start_http_server

from observability.dashboards import FOLDER
from operations.energy import grid
from operations.local.prometheus import Prometheus
from tests.observability.boards import Panel, board, panels
from tests.observability.prometheus_source import PrometheusSource
from weather_tweets.metrics import StreamsMetrics

BOARD = {panel.title: panel for panel in panels("energy")}
RULES = sorted((FOLDER.parent / "rules").glob("*.yaml"))

WATTS = {"weather-api-7d9c5bc4b6-x2x9k": 6.0, "weather-redis-0": 4.0}
TWEETS_PER_SECOND = 100
DEADLINE_SECONDS = 60

# Of a million tweets, which take 10,000 s while the pods draw 10 W; on Guatemala's grid.
JOULES = 10 * 1e6 / TWEETS_PER_SECOND
GRAMS = JOULES / 3.6e6 * 328.268


class Kepler:
    """Its metrics by their real names and labels, with pods that draw a constant power; and some tweets."""

    labels = ("node_name", "pod_id", "pod_name", "pod_namespace", "state", "zone")

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self._joules = Counter("kepler_pod_cpu_joules", "Energy", self.labels, registry=registry)
        self._watts = Gauge("kepler_pod_cpu_watts", "Power", self.labels, registry=registry)
        self._processed = StreamsMetrics(registry).processed.labels("message")
        self._server, self._serving = start_http_server(0, "127.0.0.1", registry)
        self._ended = Event()
        self._running = Thread(target=self._run)
        self._running.start()
        self.address = f"127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._ended.set()
        self._running.join()
        self._server.shutdown()
        self._server.server_close()
        self._serving.join()

    def _run(self) -> None:
        last = time.monotonic()
        while not self._ended.wait(0.1):
            now = time.monotonic()
            for pod, watts in WATTS.items():
                for zone, share in (("package", 1.0), ("core", 0.5)):
                    labels = ("n", pod, pod, "project", "running", zone)
                    self._joules.labels(*labels).inc(watts * share * (now - last))
                    self._watts.labels(*labels).set(watts * share)
            self._processed.inc(TWEETS_PER_SECOND * (now - last))
            last = now


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusSource]:
    kepler = Kepler()
    folder = tmp_path_factory.mktemp("prometheus")
    prometheus = Prometheus(folder, {"kepler": [kepler.address]}, rules=RULES, scrape_seconds=1)
    try:
        prometheus.start()
        yield PrometheusSource(prometheus.url, board("energy"), rate_interval="10s", since_seconds=30)
    finally:
        prometheus.stop()
        kepler.close()


def last(source: PrometheusSource, title: str) -> dict[str, float]:
    """What the panel says now; waits until it says anything, and of two scrapes more."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        series = source.series(BOARD[title])
        if series and all(len(values) >= 3 for values in series.values()):
            return {legend: values[-1] for legend, values in series.items()}
        assert time.monotonic() < deadline, f"{title} stays empty: {series}"
        time.sleep(0.2)


@pytest.mark.parametrize("title", BOARD)
def test_every_panel_has_values(source: PrometheusSource, title: str) -> None:
    assert all(isfinite(value) and value > 0 for value in last(source, title).values())


@pytest.mark.parametrize("title", BOARD)
def test_a_metric_under_another_name_leaves_its_panel_empty(source: PrometheusSource, title: str) -> None:
    renamed = Panel("energy", deepcopy(BOARD[title].model))
    for target in renamed.targets:
        target["expr"] = re.sub(r"\b(kepler_|weather:)", r"renamed_\1", target["expr"])
    assert source.series(renamed) == {}


def test_watts_are_of_one_zone_only(source: PrometheusSource) -> None:
    assert last(source, "Watts by pod") == WATTS


@pytest.mark.parametrize(("title", "expected"), [("Energy", JOULES), ("CO2e of the energy", GRAMS)])
def test_a_million_tweets_cost_what_the_pods_drew_meanwhile(
    source: PrometheusSource, title: str, expected: float
) -> None:
    # Of the first few scrapes Prometheus can only guess how much came before them.
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not isclose(sum(last(source, title).values()), expected, rel_tol=0.05):
        assert time.monotonic() < deadline, last(source, title)
        time.sleep(0.2)


def test_the_sci_has_the_making_of_the_servers_in_it(source: PrometheusSource) -> None:
    (sci,) = last(source, "SCI").values()
    assert sci > GRAMS


def test_workloads_are_called_like_what_made_their_pods(source: PrometheusSource) -> None:
    assert set(last(source, "Watts by workload")) == {"weather-api", "weather-redis"}


def test_the_other_grid_is_that_of_the_countrys_table() -> None:
    variables = {each["name"]: each for each in board("energy")["templating"]["list"]}
    offered = {option["text"]: float(option["value"]) for option in variables["grid"]["options"]}
    assert offered["Guatemala 2022"] == grid.of_country("Guatemala").gco2e_per_kwh
    assert offered["Estados Unidos 2023"] == 369.473
