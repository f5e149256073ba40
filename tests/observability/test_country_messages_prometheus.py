"""Every panel of *Country Messages (Prometheus)*: a real Prometheus scrapes two workers and a gateway."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from copy import deepcopy
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, start_http_server

from operations.local.prometheus import Prometheus
from tests.observability.boards import Panel, board, panels
from tests.observability.prometheus_source import PrometheusSource
from tests.observability.transformations import Grafana
from weather_tweets import countries
from weather_tweets.metrics import GatewayMetrics, StreamsMetrics

BOARD = {panel.title: panel for panel in panels("country-messages-prometheus")}
DEADLINE_SECONDS = 60

COUNTED = {"GT": 40, "AR": 25, "US": 24, "ES": 9, "CI": 1, "ZZ": 3}
BY_NAME = {countries.by_code()[code].name: count for code, count in COUNTED.items()}
HALVES = (
    {code: count // 2 for code, count in COUNTED.items() if count // 2},
    {code: count - count // 2 for code, count in COUNTED.items()},
)
WAITING = 7

Tallies = dict[int, dict[str, int]]


class System:
    """A gateway and two workers, as far as Prometheus sees them, and the Prometheus."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.first: Tallies = {}
        self.second: Tallies = {}
        registries = [CollectorRegistry() for _ in range(3)]
        workers = [StreamsMetrics(registry) for registry in registries[:2]]
        workers[0].tweets.read = lambda: self.first
        workers[1].tweets.read = lambda: self.second
        workers[0].lag.labels(0).set(WAITING)
        self._processed = workers[0].processed.labels("message")
        self._accepted = GatewayMetrics(registries[2]).accepted
        targets = [f"127.0.0.1:{_served(registry, stack)}" for registry in registries]
        prometheus = Prometheus(folder, {"all": targets}, scrape_seconds=1)
        stack.callback(prometheus.stop)
        prometheus.start()
        self.source = PrometheusSource(
            prometheus.url, board("country-messages-prometheus"), rate_interval="10s", since_seconds=30
        )

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Waits for what Prometheus is to say, while tweets are coming."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not condition():
            assert time.monotonic() < deadline, f"not so in {DEADLINE_SECONDS} s: {what}"
            self._accepted.inc(50)
            self._processed.inc(40)
            time.sleep(0.2)

    def numbers(self, title: str) -> dict[str, float]:
        return {legend: values[-1] for legend, values in self.source.series(BOARD[title]).items()}


def _served(registry: CollectorRegistry, stack: ExitStack) -> int:
    server, serving = start_http_server(0, "127.0.0.1", registry)
    stack.callback(serving.join)
    stack.callback(server.server_close)
    stack.callback(server.shutdown)
    return int(server.server_port)


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with ExitStack() as stack:
        system = System(tmp_path_factory.mktemp("prometheus"), stack)
        system.first = {0: HALVES[0]}
        system.second = {1: HALVES[1]}
        system.until(
            lambda: (
                system.numbers("Messages") == {"Messages": sum(COUNTED.values())}
                and all(value > 0 for value in system.numbers("Tweets per second").values())
                and len(system.numbers("Tweets per second")) == 2
            ),
            "all is scraped",
        )
        yield system


def drawn(system: System, grafana: Grafana, title: str) -> list[tuple[object, ...]]:
    """The rows of a table, as Prometheus' data source gives them in the format of tables, transformed."""
    (target,) = BOARD[title].targets
    assert (target["format"], target["instant"]) == ("table", True)
    found = system.source.ask_now(system.source.interpolated(target["expr"]))
    names = sorted({name for labels, _ in found for name in labels})
    fields = [
        {"name": "Time", "type": "time", "values": [0] * len(found)},
        *(
            {"name": name, "type": "string", "values": [labels[name] for labels, _ in found]}
            for name in names
        ),
        {"name": "Value", "type": "number", "values": [value for _, value in found]},
    ]
    (table,) = grafana.transformed([{"refId": "A", "fields": fields}], BOARD[title].transformations)
    columns = [name for name in ("Country", "Code", "Messages") if name in table]
    assert set(columns) == set(table)
    return list(zip(*(table[name] for name in columns), strict=True))


@pytest.mark.parametrize("title", BOARD)
def test_every_panel_has_values(system: System, title: str) -> None:
    assert all(values[-1] > 0 for values in system.source.series(BOARD[title]).values())
    assert system.source.series(BOARD[title])


@pytest.mark.parametrize("title", BOARD)
def test_a_metric_under_another_name_leaves_its_panel_empty(system: System, title: str) -> None:
    renamed = Panel("country-messages-prometheus", deepcopy(BOARD[title].model))
    for target in renamed.targets:
        target["expr"] = re.sub(r"\bweather_", "renamed_", target["expr"])
    assert system.source.series(renamed) == {}


def test_accepted_is_what_was_processed_and_what_waits(system: System) -> None:
    processed = sum(COUNTED.values())
    assert system.numbers("Accepted and processed") == {
        "Accepted": processed + WAITING,
        "Processed": processed,
        "Waiting": WAITING,
    }


@pytest.mark.parametrize("title", ["Messages by country", "Messages per Country", "Top ten"])
def test_every_country_is_there_with_the_sum_over_the_workers_the_largest_first(
    system: System, grafana: Grafana, title: str
) -> None:
    rows = drawn(system, grafana, title)
    assert rows == sorted(BY_NAME.items(), key=lambda row: -row[1])


def test_the_map_knows_each_country_by_its_code(system: System, grafana: Grafana) -> None:
    located = {code: count for code, count in COUNTED.items() if code != countries.UNKNOWN.code}
    assert set(drawn(system, grafana, "Map")) == {
        (countries.by_code()[code].name, code, count) for code, count in located.items()
    }


def test_the_top_ten_are_no_more_than_ten() -> None:
    assert BOARD["Top ten"].transformations[-1] == {"id": "limit", "options": {"limitField": 10}}


def test_a_partition_that_changes_hands_is_counted_once_and_never_missing(system: System) -> None:
    first, second = system.first, system.second
    everything = {"Messages": sum(COUNTED.values())}
    system.first = {}
    system.until(lambda: _tellers(system, "0") == 0, "nobody tells of the partition")
    assert system.numbers("Messages") == everything
    system.second = second | first
    system.until(lambda: _tellers(system, "0") == 1, "the other worker tells of it")
    assert system.numbers("Messages") == everything
    # Who was in a pause may not know yet that the partition is another's.
    system.first = {0: dict.fromkeys(first[0], 1)}
    system.until(lambda: _tellers(system, "0") == 2, "both tell of it")
    assert system.numbers("Messages") == everything
    system.first, system.second = first, second
    system.until(lambda: _tellers(system, "0") == 1, "only one tells of it again")


def _tellers(system: System, partition: str) -> int:
    """How many workers tell of a partition at this moment."""
    told = f'weather_streams_tweets_total{{code="GT",partition="{partition}"}}'
    return len(system.source.ask_now(told))
