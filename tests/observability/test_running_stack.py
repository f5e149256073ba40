"""Every panel of *Pipeline* and *Country Messages* and its twin, over the running services after traffic."""

import asyncio
import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from math import isfinite
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer
from redis import Redis
from websockets.sync.client import connect

from operations.local.endpoints import Endpoints
from tests.observability.boards import KEYS, Panel, board, panels
from tests.observability.prometheus_source import PrometheusSource, Series
from tests.observability.redis_source import RedisSource
from tests.observability.transformations import Grafana, Table
from tests.running_stack import RunningStack
from weather_tweets import redis_keys

PIPELINE = {panel.title: panel for panel in panels("pipeline") if panel.title and panel not in KEYS}
SERVICES = ("gateway", "producer", "streams", "writer")
DEADLINE_SECONDS = 60

TWEETS, REPEATS, DEAD, INVALID = 600, 1, 2, 3

# By how much the counters rise.
COUNTERS: dict[str, dict[str, float]] = {
    "sum(weather_gateway_tweets_accepted_total)": {"": TWEETS + 1 + REPEATS},
    "sum by (reason) (weather_gateway_tweets_refused_total)": {
        "deadline": 0,
        "exhausted": 0,
        "invalid": INVALID,
        "unavailable": 0,
    },
    "sum(weather_producer_tweets_published_total)": {"": TWEETS + 1 + REPEATS},
    "sum by (outcome) (weather_streams_records_processed_total)": {
        "dead": DEAD,
        "message": TWEETS + 1,
        "repeat": REPEATS,
    },
    "sum(weather_writer_tweets_ingested_total)": {"": TWEETS + 1 + REPEATS},
}

# On a day on which nothing goes wrong these show nothing but zero.
MAY_BE_ZERO = {
    "Errors of requests",
    "Lag",
    "Lag by partition",
    "Tweets waiting for Kafka",
    "What exactness absorbed",
    "Writes tried again",
}


@dataclass(frozen=True)
class Observed:
    """A stack that has had traffic, and the Prometheus beside it."""

    endpoints: Endpoints
    prometheus: PrometheusSource
    before: dict[str, dict[str, float]]
    """The counters before that traffic."""
    processed_before: int


def post(gateway: str, submission: Any) -> int:
    request = urllib.request.Request(  # noqa: S310
        f"{gateway}/input",
        data=json.dumps(submission).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:  # noqa: S310
            return int(reply.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


async def send_dead_letters(kafka: str) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    await producer.start()
    try:
        for _ in range(DEAD):
            await producer.send_and_wait("messages", b"no tweet")
    finally:
        await producer.stop()


def send_tweets(gateway: str) -> None:
    known = str(uuid4())
    for country in ("Guatemala", "Argentina", "Perú"):
        many = [{"texto": f"Llueve {number}", "país": country} for number in range(TWEETS // 3 - 1)]
        assert post(gateway, many) == 202
        assert post(gateway, {"texto": "Llueve", "país": country}) == 202
    for _ in range(1 + REPEATS):
        assert post(gateway, {"texto": "Llueve", "país": "España", "id": known}) == 202
    for _ in range(INVALID):
        assert post(gateway, {"texto": "", "país": "España"}) == 422


@pytest.fixture(scope="module")
def observed(stack: RunningStack) -> Iterator[Observed]:
    (address,) = re.findall(r"Prometheus +(http://\S+)", stack.cli("up", "--observe"))
    endpoints = stack.endpoints
    source = PrometheusSource(address, board("pipeline"), rate_interval="20s", since_seconds=120)
    # Prometheus must have seen the counters before they rise.
    wait_for(
        lambda: sum(now(source.series(PIPELINE["Replicas"])).values()) == len(SERVICES), "all are scraped"
    )
    wait_for(lambda: all(counted(source, each) for each in COUNTERS), "all counters are there")
    before = {expression: counted(source, expression) for expression in COUNTERS}
    processed = already_processed(endpoints)
    asyncio.run(send_dead_letters(endpoints.kafka))
    send_tweets(endpoints.gateway)
    with connect(f"{endpoints.websocket}/live"):
        yield Observed(endpoints, source, before, processed)


def already_processed(endpoints: Endpoints) -> int:
    with Redis.from_url(endpoints.redis) as redis:
        return int(redis.hget(redis_keys.TOTALS, "messages") or 0)


def counted(source: PrometheusSource, expression: str) -> dict[str, float]:
    """Values now by the values of the labels."""
    return {",".join(labels.values()): values[-1] for labels, values in source.ask(expression)}


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"not so in {DEADLINE_SECONDS} s: {what}"
        time.sleep(0.2)


def now(series: Series) -> dict[str, float]:
    return {legend: values[-1] for legend, values in series.items()}


def has_values(series: Series, *, may_be_zero: bool) -> bool:
    """Whether each line is there, and one of them is not zero all the time; what is no number is a gap."""
    lines = [[value for value in values if isfinite(value)] for values in series.values()]
    return bool(lines) and all(lines) and (may_be_zero or any(max(line) > 0 for line in lines))


@pytest.mark.parametrize("title", PIPELINE)
def test_every_panel_of_the_pipeline_has_values(observed: Observed, title: str) -> None:
    wait_for(
        lambda: has_values(observed.prometheus.series(PIPELINE[title]), may_be_zero=title in MAY_BE_ZERO),
        f"{title} has values",
    )


@pytest.mark.parametrize("expression", COUNTERS)
def test_the_counters_rise_by_what_was_sent(observed: Observed, expression: str) -> None:
    def risen() -> dict[str, float]:
        found = counted(observed.prometheus, expression)
        return {
            labels: value - observed.before.get(expression, {}).get(labels, 0)
            for labels, value in found.items()
        }

    wait_for(lambda: risen() == COUNTERS[expression], f"{expression} rises by {COUNTERS[expression]}")


def test_every_service_runs_once(observed: Observed) -> None:
    assert now(observed.prometheus.series(PIPELINE["Replicas"])) == dict.fromkeys(SERVICES, 1)


def test_the_lag_is_shown_for_each_partition(observed: Observed) -> None:
    assert sorted(observed.prometheus.series(PIPELINE["Lag by partition"])) == ["0", "1", "2", "3", "4", "5"]


@pytest.mark.parametrize("title", PIPELINE)
def test_a_metric_under_another_name_leaves_its_panel_empty(observed: Observed, title: str) -> None:
    renamed = Panel("pipeline", deepcopy(PIPELINE[title].model))
    for target in renamed.targets:
        target["expr"] = re.sub(r"\b(weather_|process_|up\b)", r"renamed_\1", target["expr"])
    assert not has_values(observed.prometheus.series(renamed), may_be_zero=True)


def test_country_messages_shows_what_the_services_wrote(observed: Observed, grafana: Grafana) -> None:
    source = RedisSource(observed.endpoints.redis)
    until = time.time() * 1000

    def drawn(panel: Panel) -> Table:
        frames = [
            frame
            for target in panel.targets
            for frame in source.frames(target, since_ms=int(until) - 900_000, until_ms=int(until) + 60_000)
        ]
        (table,) = grafana.transformed(frames, panel.transformations)
        return table

    boards = {panel.title: panel for panel in panels("country-messages")}
    wait_for(
        lambda: already_processed(observed.endpoints) == observed.processed_before + TWEETS + 1,
        "all is processed",
    )
    for title, panel in boards.items():
        assert all(drawn(panel).values()), title
    with Redis.from_url(observed.endpoints.redis, decode_responses=True) as redis:
        processed = redis.hgetall(redis_keys.COUNTRIES)
    table = drawn(boards["Messages per Country"])
    per_country = dict(zip(table["Country"], table["Messages"], strict=True))
    assert per_country == {name: int(count) for name, count in processed.items()}
    assert drawn(boards["Messages"]) == {"messages": [sum(per_country.values())]}
    assert per_country.keys() >= {"Guatemala", "Argentina", "Perú", "España"}
    located = drawn(boards["Map"])
    assert {("Guatemala", "GT"), ("España", "ES")} <= set(
        zip(located["Country"], located["Code"], strict=True)
    )
    source.close()


def test_the_twin_shows_the_same_counts_from_prometheus(observed: Observed) -> None:
    wait_for(
        lambda: already_processed(observed.endpoints) == observed.processed_before + TWEETS + 1,
        "all is processed",
    )
    with Redis.from_url(observed.endpoints.redis, decode_responses=True) as redis:
        processed = {name: float(count) for name, count in redis.hgetall(redis_keys.COUNTRIES).items()}
    twins = {panel.title: panel for panel in panels("country-messages-prometheus")}

    def shown() -> dict[str, float]:
        (target,) = twins["Messages per Country"].targets
        found = observed.prometheus.ask_now(observed.prometheus.interpolated(target["expr"]))
        return {labels["country"]: value for labels, value in found}

    wait_for(lambda: shown() == processed, "the twin shows what is in Redis")
    for title, panel in twins.items():
        assert has_values(observed.prometheus.series(panel), may_be_zero=False), title
