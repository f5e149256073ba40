"""What workers use while they work off a backlog."""

import re
import time
from collections.abc import Sequence
from itertools import pairwise

import msgspec

from bench.failure import StageFailedError
from bench.parts import Parts
from bench.reading import Meter
from bench.rows import Run
from operations.local.services import StreamsWorker
from streams.stats import WorkerStats
from weather_tweets import nearby
from weather_tweets.settings import KafkaSettings

_PROCESSED = re.compile(rb"^weather_streams_records_processed_total\{[^}]*\} (\S+)$", re.MULTILINE)
_LEAST_POLL_SECONDS, _MOST_POLL_SECONDS = 0.03, 2.0
_ANSWER_SECONDS = 30.0
_STUCK_SECONDS = 60.0
"""Without progress; a worker's first batch may have to wait for a partition and its table."""


class StuckError(StageFailedError):
    """The workers do not work off what they should."""


def processed(workers: Sequence[StreamsWorker]) -> int:
    """Records that these processes have settled since they started."""
    return sum(_processed(worker) for worker in workers)


def settled(workers: Sequence[StreamsWorker]) -> None:
    """Returns when each partition has one of them, and each of them a partition. Raises `StuckError`."""
    deadline = time.monotonic() + _STUCK_SECONDS
    while not _settled(workers):
        if time.monotonic() > deadline:
            raise StuckError(f"the workers have not agreed on the partitions within {_STUCK_SECONDS:g} s")
        time.sleep(_LEAST_POLL_SECONDS)


def caught_up(workers: Sequence[StreamsWorker]) -> None:
    """Returns when these workers have settled all there is. Raises `StuckError`."""
    moved, before = time.monotonic(), -1
    while any(of.lag for worker in workers for of in _stats(worker).partitions.values()):
        now = processed(workers)
        if now > before:
            moved, before = time.monotonic(), now
        elif time.monotonic() - moved > _STUCK_SECONDS:
            raise StuckError(f"there are records left, and none was processed in {_STUCK_SECONDS:g} s")
        time.sleep(_MOST_POLL_SECONDS)


def window(parts: Parts, start: int, end: int) -> Run:
    """What the parts use from the `start`-th to about the `end`-th record that the workers settle.

    A `start` of 1 is after the first batch: what comes before is start-up. Raises `StuckError`.
    """
    before = _reached(parts.workers, start)
    meter = Meter(parts.processes())
    after = _reached(parts.workers, end)
    return Run(after - before, meter.read())


def windows(parts: Parts, start: int, end: int, count: int) -> list[Run]:
    """At most so many windows, one after another; one that a batch has skipped is missing.

    Raises `StuckError`, also where none is left.
    """
    bounds = [start + (end - start) * number // count for number in range(count + 1)]
    runs = [run for each in pairwise(bounds) if (run := window(parts, *each)).tweets]
    if not runs:
        raise StuckError(f"{end:,} records were processed before they could be watched")
    return runs


def _reached(workers: Sequence[StreamsWorker], count: int) -> int:
    moved = time.monotonic()
    now = processed(workers)
    # When it was first seen to move: a worker that has just been started says nothing about its speed.
    first: tuple[int, float] | None = None
    while now < count:
        # Asking costs the worker some milliseconds: seldom while the goal is far.
        per_second = (now - first[0]) / (moved - first[1]) if first and now > first[0] else float("inf")
        time.sleep(min(max((count - now) / per_second / 2, _LEAST_POLL_SECONDS), _MOST_POLL_SECONDS))
        before, now = now, processed(workers)
        if now > before:
            moved = time.monotonic()
            first = first or (now, moved)
        elif time.monotonic() - moved > _STUCK_SECONDS:
            raise StuckError(f"{now:,} records processed, not {count:,}, and none in {_STUCK_SECONDS:g} s")
    return now


def _settled(workers: Sequence[StreamsWorker]) -> bool:
    stats = [_stats(worker) for worker in workers]
    if not all(of.settled and of.partitions for of in stats):
        return False
    partitions = [partition for of in stats for partition in of.partitions]
    return len(partitions) == len(set(partitions)) == KafkaSettings().partitions


def _stats(worker: StreamsWorker) -> WorkerStats:
    return msgspec.json.decode(_get(worker, "/partitions"), type=WorkerStats)


def _get(worker: StreamsWorker, path: str) -> bytes:
    return nearby.get(f"http://127.0.0.1:{worker.port}{path}", timeout_seconds=_ANSWER_SECONDS)


def _processed(worker: StreamsWorker) -> int:
    return int(sum(float(value) for value in _PROCESSED.findall(_get(worker, "/metrics"))))
