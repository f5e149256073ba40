"""What workers use while they work off a backlog."""

import re
import time
from collections.abc import Sequence
from urllib.request import ProxyHandler, build_opener

from weather_tweets.bench.failure import StageFailedError
from weather_tweets.bench.parts import SETTLE_SECONDS, Parts
from weather_tweets.bench.reading import Meter
from weather_tweets.bench.rows import Run
from weather_tweets.local.services import StreamsWorker

_PROCESSED = re.compile(rb"^weather_streams_records_processed_total\{[^}]*\} (\S+)$", re.MULTILINE)
_POLL_SECONDS = 0.05
_ANSWER_SECONDS = 30.0

_opener = build_opener(ProxyHandler({}))


class StuckError(StageFailedError):
    """The workers do not work off what they should."""


def processed(workers: Sequence[StreamsWorker]) -> int:
    """Records that these processes have settled since they started."""
    return sum(_processed(worker) for worker in workers)


def window(parts: Parts, start: int, end: int) -> Run:
    """What the parts use from the `start`-th to about the `end`-th record that the workers settle.

    A `start` of 1 is after the first batch: what comes before is start-up. Raises `StuckError`.
    """
    before = _reached(parts.workers, start)
    meter = Meter(parts.processes())
    after = _reached(parts.workers, end)
    return Run(after - before, meter.read())


def _reached(workers: Sequence[StreamsWorker], count: int) -> int:
    deadline = time.monotonic() + SETTLE_SECONDS
    while (now := processed(workers)) < count:
        if time.monotonic() > deadline:
            raise StuckError(f"{now:,} records processed after {SETTLE_SECONDS:g} s, not {count:,}")
        time.sleep(_POLL_SECONDS)
    return now


def _processed(worker: StreamsWorker) -> int:
    with _opener.open(f"http://127.0.0.1:{worker.port}/metrics", timeout=_ANSWER_SECONDS) as reply:
        return int(sum(float(value) for value in _PROCESSED.findall(reply.read())))
