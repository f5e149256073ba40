"""Every panel of *Weather*, run against a real Prometheus that scrapes a worker's metrics."""

import re
import time
from collections.abc import Iterator
from copy import deepcopy

import pytest
from prometheus_client import CollectorRegistry, start_http_server

from operations.local.prometheus import Prometheus
from tests.observability.boards import Panel, board, panels
from tests.observability.prometheus_source import PrometheusSource
from weather_tweets.metrics import StreamsMetrics
from weather_tweets.weather_kinds import KINDS

BOARD = {panel.title: panel for panel in panels("weather")}
DEADLINE_SECONDS = 60

# By code, country and kind, how many tweets more at each scrape.
SAID = {
    ("GT", "Guatemala", "rain"): 30,
    ("GT", "Guatemala", "storm"): 10,
    ("ES", "España", "heat"): 20,
    ("ES", "España", "wind"): 5,
}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusSource]:
    registry = CollectorRegistry()
    kinds = StreamsMetrics(registry).kinds
    server, serving = start_http_server(0, "127.0.0.1", registry)
    targets = {"streams": [f"127.0.0.1:{server.server_port}"]}
    prometheus = Prometheus(tmp_path_factory.mktemp("prometheus"), targets, scrape_seconds=1)
    try:
        prometheus.start()
        asked = PrometheusSource(prometheus.url, board("weather"), rate_interval="10s", since_seconds=30)
        deadline = time.monotonic() + DEADLINE_SECONDS
        # What a counter has when it is first seen is no increase.
        while not all_said(asked):
            assert time.monotonic() < deadline, "the counters are not scraped"
            for labels, tweets in SAID.items():
                kinds.labels(*labels).inc(tweets)
            time.sleep(1)
        yield asked
    finally:
        prometheus.stop()
        server.shutdown()
        server.server_close()
        serving.join()


def all_said(source: PrometheusSource) -> bool:
    found = source.ask("weather_streams_kinds_total")
    return len(found) == len(SAID) and all(len(set(values)) >= 5 for _, values in found)


def rows(source: PrometheusSource, title: str, **variables: str) -> dict[tuple[str, ...], float]:
    """What the panel shows now, by the values of its labels in the order of their names."""
    (target,) = BOARD[title].targets
    found = source.ask(source.interpolated(target["expr"], **variables))
    return {tuple(labels[name] for name in sorted(labels)): values[-1] for labels, values in found}


@pytest.mark.parametrize("title", BOARD)
def test_every_panel_has_values(source: PrometheusSource, title: str) -> None:
    assert all(values[-1] > 0 for values in source.series(BOARD[title]).values())
    assert rows(source, title)


@pytest.mark.parametrize("title", BOARD)
def test_a_metric_under_another_name_leaves_its_panel_empty(source: PrometheusSource, title: str) -> None:
    renamed = Panel("weather", deepcopy(BOARD[title].model))
    for target in renamed.targets:
        target["expr"] = re.sub(r"\bweather_", "renamed_", target["expr"])
    assert source.series(renamed) == {}


@pytest.mark.parametrize("title", ["What leads where", "Leading kind by country"])
def test_the_kind_that_leads_is_that_of_most_tweets(source: PrometheusSource, title: str) -> None:
    assert set(rows(source, title)) == {("GT", "Guatemala", "rain"), ("ES", "España", "heat")}


def test_kinds_are_those_of_the_country_that_is_chosen(source: PrometheusSource) -> None:
    assert set(rows(source, "Kinds of weather")) == {("rain",), ("storm",), ("heat",), ("wind",)}
    assert set(rows(source, "Kinds of weather", country="España")) == {("heat",), ("wind",)}


def test_each_kind_has_the_same_colour_everywhere() -> None:
    over_time = BOARD["Tweets a minute by kind of weather"].model["fieldConfig"]["overrides"]
    lines = {each["matcher"]["options"]: each["properties"][0]["value"]["fixedColor"] for each in over_time}
    mapped = next(
        each["properties"][0]["value"][0]["options"]
        for each in BOARD["What leads where"].model["fieldConfig"]["overrides"]
        if each["matcher"]["options"] == "Kind"
    )

    assert set(lines) == set(KINDS)
    assert {kind: shown["color"] for kind, shown in mapped.items()} == lines
