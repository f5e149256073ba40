"""Stage `growth`: does a tweet cost more with many records, countries, partitions, workers or viewers?"""

import http.client
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle, islice
from typing import NamedTuple

import msgspec

from bench import backlog, consumption, viewers
from bench.bench import Bench
from bench.failure import StageFailedError
from bench.parts import Parts
from bench.reading import Meter
from bench.rows import Result, Row, Run, row
from loadgen import dataset
from weather_tweets import countries

RECORDS = (10_000, 100_000, 1_000_000, 3_000_000)
QUICK_RECORDS = (10_000, 100_000)
COUNTRIES = (10, 100, 250)
PARTITIONS = (1, 24)
WORKERS = (2, 3)
VIEWERS, QUICK_VIEWERS = (0, 100, 1_000), (0, 1_000)

_USUAL = "6 partitions"
_STREAMS = ("streams",)
_LIVE = ("gateway", "writer")
_WIDEST_WINDOW = 150_000
"""Records: what is read about the larger sizes."""
_WINDOWS = 2
"""One after another at each size, to see by how much the cost differs by itself."""
_WARM_UP = 0.2
"""Share of a point's records that are processed before it is read: first batches are small."""

_TWEETS_PER_ARRAY = 20
_ARRAYS_PER_SECOND = 50
_VIEW_SECONDS, _QUICK_VIEW_SECONDS = 5.0, 3.0


class Point(NamedTuple):
    """One size of one thing, the others as usual."""

    name: str
    codes: Sequence[str] = ()
    partitions: int = 6
    workers: int = 1


def run(bench: Bench) -> Result:
    """Raises `PartFailedError`, `StoresDisagreeError`, `StageFailedError`."""
    by_records: dict[str, list[Run]] = {}
    of_points: dict[str, list[Run]] = defaultdict(list)
    of_viewers: dict[str, list[Run]] = defaultdict(list)
    with bench.parts() as parts:
        bench.step("starting the parts")
        parts.start("kafka", "redis", "mongo")
        for number, points in enumerate(_rounds(quick=bench.quick), 1):
            for point in points:
                bench.step(f"{point.name}, round {number}")
                of_points[point.name] += _at_point(parts, point, number, 15_000 if bench.quick else 50_000)
        by_records = _by_records(bench, parts)
        bench.step("starting the front door")
        parts.begin_anew("viewers")
        parts.start("producer", "writer", "gateway")
        for number in range(1, 2 if bench.quick else 3):
            for count in QUICK_VIEWERS if bench.quick else VIEWERS:
                bench.step(f"{count:,} viewers, round {number}")
                seconds = _QUICK_VIEW_SECONDS if bench.quick else _VIEW_SECONDS
                of_viewers[f"{count:,} viewers"].append(_watched(parts, count, seconds))
        with _workers(parts, 1):
            parts.audit()
    rows = _rows(by_records, of_points, of_viewers)
    return Result(rows, figures({each.name: each for each in rows}))


def _rows(
    by_records: dict[str, list[Run]], of_points: dict[str, list[Run]], of_viewers: dict[str, list[Run]]
) -> list[Row]:
    """By what grows, and by its size."""
    of_workers = by_records | of_points | {"1 workers": of_points[_USUAL]}
    rows = [row(name, of_workers[name], counting=_STREAMS) for name in sorted(of_workers, key=_unit_and_size)]
    return rows + [row(name, runs, counting=_LIVE) for name, runs in of_viewers.items()]


def _unit_and_size(name: str) -> tuple[str, int]:
    """`10,000 records` → `records`, 10000."""
    size, _, unit = name.partition(" ")
    return unit, int(size.replace(",", ""))


def stored(size: int) -> str:
    """Name of the row of that many records."""
    return f"{size:,} records"


def _rounds(*, quick: bool) -> list[list[Point]]:
    codes = [code for code in countries.by_code() if code != countries.UNKNOWN.code]
    by_countries = [Point(f"{count} countries", codes[:count]) for count in COUNTRIES]
    others = [
        Point(_USUAL),
        *(Point(f"{partitions} partitions", partitions=partitions) for partitions in PARTITIONS),
        *(Point(f"{workers} workers", workers=workers) for workers in WORKERS),
    ]
    if quick:
        return [[by_countries[0], by_countries[-1], others[0], others[2], others[3]]]
    # The countries have a goal: they are measured once more, after the others.
    return [by_countries + others, by_countries]


def _at_point(parts: Parts, point: Point, number: int, messages: int) -> list[Run]:
    parts.begin_anew(f"growth-{point.name.replace(' ', '-')}-{number}", partitions=point.partitions)
    with _workers(parts, point.workers):
        # After the workers: all of them are to have partitions before the first record comes.
        backlog.fill(parts.stack.kafka_settings(), messages, point.codes)
        measured = consumption.windows(parts, int(messages * _WARM_UP), messages, _WINDOWS)
        parts.audit()
    return measured


def _by_records(bench: Bench, parts: Parts) -> dict[str, list[Run]]:
    """One long fill of everything: the cost in a window about each size."""
    sizes = QUICK_RECORDS if bench.quick else RECORDS
    parts.begin_anew("growth-records")
    runs: dict[str, list[Run]] = {}
    bench.step(f"filling the topic with {sizes[-1]:,} records")
    half = [min(size, _WIDEST_WINDOW) // 2 for size in sizes]
    backlog.fill(parts.stack.kafka_settings(), sizes[-1] + half[-1])
    worker = parts.start_worker()
    for size, margin in zip(sizes, half, strict=True):
        bench.step(f"{size:,} records")
        runs[stored(size)] = consumption.windows(parts, size - margin, size + margin, _WINDOWS)
    parts.audit()
    parts.stop(worker)
    return runs


@contextmanager
def _workers(parts: Parts, count: int) -> Iterator[None]:
    """So many workers, which have agreed on who has which partition."""
    workers = [parts.start_worker() for _ in range(count)]
    consumption.settled(workers)
    yield
    for worker in workers:
        parts.stop(worker)


def _watched(parts: Parts, count: int, seconds: float) -> Run:
    """Tweets at a steady rate while so many viewers watch; the viewers' own CPU is not read."""
    watching = subprocess.Popen(
        [sys.executable, "-m", viewers.__name__, "127.0.0.1", str(parts.service("writer").port), str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert watching.stdout is not None  # noqa: S101 (it is a pipe)
        if not watching.stdout.readline():
            raise StageFailedError(f"{count:,} viewers could not connect")
        _post(parts, 0.5)
        meter = Meter(parts.processes())
        tweets = _post(parts, seconds)
        return Run(tweets, meter.read())
    finally:
        watching.kill()
        watching.communicate()


def _post(parts: Parts, seconds: float) -> int:
    """Posts arrays at a steady rate; returns how many tweets were accepted, which is all of them."""
    entries = cycle(dataset.read(dataset.ensure_default()))
    connection = http.client.HTTPConnection("127.0.0.1", parts.service("gateway").port, timeout=30)
    arrays = int(seconds * _ARRAYS_PER_SECOND)
    begin = time.monotonic()
    for number in range(arrays):
        time.sleep(max(0.0, begin + number / _ARRAYS_PER_SECOND - time.monotonic()))
        tweets = [{"texto": e.text, "país": e.country} for e in islice(entries, _TWEETS_PER_ARRAY)]
        connection.request(
            "POST", "/input", msgspec.json.encode(tweets), {"Content-Type": "application/json"}
        )
        reply = connection.getresponse()
        if reply.status != http.HTTPStatus.ACCEPTED:
            raise StageFailedError(f"tweets were refused: {reply.read().decode()}")
        reply.read()
    connection.close()
    return arrays * _TWEETS_PER_ARRAY


def figures(rows: dict[str, Row]) -> dict[str, float]:
    """How flat the lines are: the worst deviation of the worker's CPU from that at the first size."""

    def worst_percent(names: list[str]) -> float:
        """How far the cost is off that of the first, at the worst."""
        first, *others = (rows[name].cpu_us_per_tweet for name in names)
        return max(abs(other / first - 1) for other in others) * 100

    figures = {
        "growth_countries_worst_percent": worst_percent(
            [name for name in rows if name.endswith(" countries")]
        )
    }
    by_records = [stored(size) for size in RECORDS]
    if by_records[-1] in rows:
        figures["growth_records_worst_percent"] = worst_percent(by_records)
    return figures
