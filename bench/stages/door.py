"""The front door: gateway, producer and Kafka (`acks=all`) under load, beside unary calls and Sanic alone.

The gateways feed no live view: that is of the stage `whole`.
"""

import asyncio
import sys
import time
from pathlib import Path
from typing import NamedTuple

import msgspec
from prometheus_client.parser import text_string_to_metric_families

from bench import wrk
from bench.bench import Bench
from bench.failure import StageFailedError
from bench.parts import Parts
from bench.reading import Meter
from bench.rows import OURS, Result, Row, Run, row
from loadgen import dataset
from operations import swarm_run
from operations.local.ports import free_port
from operations.local.services import Gateway, Service
from weather_tweets import nearby
from weather_tweets.kafka import end_offsets

TWEETS_PER_ARRAY = 100

_KAFKA_SECONDS = 5.0
_SETTLE_SECONDS = 20.0
_POLL_SECONDS = 0.1
_WARM_UP_SECONDS = 2
_SECONDS, _QUICK_SECONDS = 7, 3
"""Of one run."""


class Load(NamedTuple):
    """Clients that post to one part."""

    name: str
    part: str
    clients: int
    tweets_per_request: int = 1


STREAM, UNARY, FLOOR = "gateway", "gateway-unary", "sanic"

LOADS = (
    Load("1 client", STREAM, 1),
    Load("10 clients", STREAM, 10),
    Load("10 clients, unary gRPC", UNARY, 10),
    Load("64 clients", STREAM, 64),
    Load("64 clients, unary gRPC", UNARY, 64),
    Load("64 clients, Sanic without work", FLOOR, 64),
    Load("256 clients", STREAM, 256),
    Load("10 clients, arrays of 100 tweets", STREAM, 10, TWEETS_PER_ARRAY),
)
QUICK = tuple(load for load in LOADS if load.clients in {10, 64})


class SanicFloor(Service):
    """`baselines/sanic_floor.py`."""

    package = "bench.baselines.sanic_floor"

    def command(self) -> list[str]:
        return [sys.executable, "-m", self.package, str(self.port)]


def run(bench: Bench) -> Result:
    """Raises `PartFailedError`, and `StageFailedError` if one request is refused or one tweet miscounted."""
    loads, seconds = (QUICK, _QUICK_SECONDS) if bench.quick else (LOADS, _SECONDS)
    runs: dict[str, list[Run]] = {load.name: [] for load in loads}
    # Before everything is started that it would load.
    wrk.find()
    with bench.parts() as parts:
        door = Door(parts)
        bench.step("starts Kafka, the producer, two gateways and Sanic")
        door.open()
        for load in {load.part: load for load in loads}.values():
            bench.step(f"warms up: {load.part}")
            door.load(load, _WARM_UP_SECONDS)
        for number in range(1, bench.repeats + 1):
            for load in loads:
                bench.step(f"{load.name}, run {number} of {bench.repeats}")
                runs[load.name].append(door.load(load, seconds))
    rows = {
        load.name: row(load.name, runs[load.name], counting={FLOOR} if load.part == FLOOR else OURS)
        for load in loads
    }
    return Result(list(rows.values()), figures(rows))


def figures(rows: dict[str, Row]) -> dict[str, float]:
    """Those of `goals`, from the rows by name."""
    ten, many, arrays = rows["10 clients"], rows["64 clients"], rows["10 clients, arrays of 100 tweets"]
    floor = rows["64 clients, Sanic without work"].cpu_us_per_tweet
    assert ten.p99_ms is not None  # noqa: S101 (wrk always tells)
    return {
        "door_64_rate_over_unary": many.rate_per_second / rows["64 clients, unary gRPC"].rate_per_second,
        "door_64_cpu_us": many.cpu_us_per_tweet,
        "door_64_gateway_cpu_over_sanic_floor": many.processes["gateway"].cpu_us_per_tweet / floor,
        "door_10_rate_over_unary": ten.rate_per_second / rows["10 clients, unary gRPC"].rate_per_second,
        "door_10_p99_ms": ten.p99_ms,
        "door_array_100_cpu_us": arrays.cpu_us_per_tweet,
        "door_peak_rss_mb": max(each.peak_rss_mb for each in rows.values()),
    }


def write_bodies(tweets: list[bytes], file: Path, *, per_request: int = 1) -> None:
    """A request's body a line: a tweet, or an array of so many (what is left over is left out)."""
    if per_request == 1:
        lines = tweets
    else:
        whole = range(0, len(tweets) - per_request + 1, per_request)
        lines = [b"[" + b",".join(tweets[first : first + per_request]) + b"]" for first in whole]
    file.write_bytes(b"\n".join(lines) + b"\n")


class Door:
    """The parts under load, and the count of what Kafka has."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._loaded: dict[str, Service] = {}
        self._bodies: dict[int, Path] = {}

    def open(self) -> None:
        """Starts everything. Raises `PartFailedError`."""
        tweets = [
            msgspec.json.encode({"texto": entry.text, "país": entry.country})
            for entry in dataset.read(swarm_run.ensure_data(self._parts.folder))
        ]
        for per_request in (1, TWEETS_PER_ARRAY):
            self._bodies[per_request] = self._parts.folder.path / f"bodies-{per_request}"
            write_bodies(tweets, self._bodies[per_request], per_request=per_request)
        self._parts.start("kafka", "producer")
        folder = self._parts.folder
        floor = SanicFloor(
            FLOOR, folder.path / "data" / FLOOR, {}, port=free_port(), log_file=folder.log(FLOOR)
        )
        for part in (self._gateway(STREAM), self._gateway(UNARY), floor):
            self._loaded[part.name] = part
            self._parts.run(part)

    def load(self, load: Load, seconds: int) -> Run:
        """One run. Raises `StageFailedError` if not all is accepted, or Kafka has not just that."""
        part = self._loaded[load.part]
        processes = self._parts.processes()
        for other in self._loaded.keys() - {load.part}:
            del processes[other]
        before = self._settled()
        accepted_before = self._accepted()
        meter = Meter(processes)
        seen = wrk.post(
            f"http://127.0.0.1:{part.port}/input",
            self._bodies[load.tweets_per_request],
            clients=load.clients,
            seconds=seconds,
        )
        reading = meter.read()._replace(seconds=seen.seconds)
        tweets = seen.requests * load.tweets_per_request
        if load.part != FLOOR:
            published = self._settled() - before
            # When the time is over each client still has a request on its way.
            if not tweets <= published <= tweets + load.clients * load.tweets_per_request:
                raise StageFailedError(
                    f"{load.name}: {tweets:,} tweets were accepted, Kafka has {published:,}"
                )
            accepted = self._accepted() - accepted_before
            if load.part == STREAM and accepted != published:
                raise StageFailedError(
                    f"{load.name}: the gateway had {accepted:,} tweets accepted, Kafka has {published:,}"
                )
        return Run(tweets, reading, seen.p50_us / 1000, seen.p99_us / 1000)

    def _gateway(self, name: str) -> Gateway:
        port = free_port()
        environment = {
            "WEATHER_GATEWAY_PORT": str(port),
            "WEATHER_GATEWAY_PRODUCER_TARGET": f"127.0.0.1:{self._parts.stack.grpc_port}",
            "WEATHER_GATEWAY_PRODUCER_CALLS": "unary" if name == UNARY else "stream",
            "WEATHER_GATEWAY_WRITER_URL": "",
        }
        folder = self._parts.folder
        return Gateway(name, folder.path / "data" / name, environment, port=port, log_file=folder.log(name))

    def _settled(self) -> int:
        """Records that Kafka has, once nothing is on its way and the producer says the same."""
        topic = self._parts.stack.kafka_settings()
        deadline = time.monotonic() + _SETTLE_SECONDS
        while True:
            ends = asyncio.run(end_offsets(topic, topic.topic, timeout_seconds=_KAFKA_SECONDS))
            records = {name: sum(by_partition.values()) for name, by_partition in ends.items()}
            producer = samples(self._parts.service("producer").port)
            published = int(producer["weather_producer_tweets_published_total"])
            if not producer["weather_producer_tweets_in_flight"] and published == records[topic.topic]:
                return published
            if time.monotonic() > deadline:
                raise StageFailedError(
                    f"the producer published {published:,} tweets, Kafka has {records[topic.topic]:,}"
                )
            time.sleep(_POLL_SECONDS)

    def _accepted(self) -> int:
        return int(samples(self._loaded[STREAM].port)["weather_gateway_tweets_accepted_total"])


def samples(port: int) -> dict[str, float]:
    """What `/metrics` has without labels."""
    page = nearby.get(f"http://127.0.0.1:{port}/metrics", timeout_seconds=_SETTLE_SECONDS).decode()
    return {
        sample.name: sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if not sample.labels
    }
