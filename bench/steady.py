"""A steady load, and when each of its tweets was answered, counted and shown: for freshness.

Tweets are sent at their times, whatever became of those before (an open loop), and every wait is counted from
that time: what stalls cannot look better by holding its clients up (coordinated omission). So that it is not
held up by whoever measures, the load is a process of its own, see `steady_process`.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from math import ceil
from pathlib import Path

import msgspec

from bench.failure import StageFailedError
from bench.timeline import Timeline
from operations.local.endpoints import Endpoints

_STARTING_SECONDS = 3.0


class Order(msgspec.Struct, frozen=True):
    """What is to be sent where; `begins_at` is of `time.monotonic()`, which all processes share."""

    gateway: str
    redis: str
    mongo: str
    live: str
    """WebSocket URL of the viewers; empty: nobody views."""
    per_second: int
    seconds: float
    begins_at: float


class Course(msgspec.Struct, frozen=True):
    """What became of each tweet, in the order of sending, in seconds since the load began.

    None is what did not happen: a tweet that was not accepted, or not counted or shown by the end.
    """

    due: list[float]
    accepted: list[float | None]
    """When the answer 202 was there."""
    counted: list[float | None]
    """When the tweet was seen to be counted in Redis: its offset was in the tally of its partition."""
    shown: list[float | None]
    """When a viewer was told a count of its country that it is in."""
    refusals: dict[str, int]
    """Requests that were not answered 202, by status or error."""

    def waits_ms(self, moments: Sequence[float | None]) -> list[float]:
        """From the times to be sent to these moments, ascending; what did not happen is left out."""
        pairs = zip(self.due, moments, strict=True)
        return sorted((at - due) * 1000 for due, at in pairs if at is not None)


class SteadyLoad:
    """Begins when it is made; `began_at` is of `time.monotonic()`."""

    def __init__(self, endpoints: Endpoints, *, per_second: int, seconds: float, viewer: bool = True) -> None:
        self.began_at = time.monotonic() + _STARTING_SECONDS
        order = Order(
            endpoints.gateway,
            endpoints.redis,
            endpoints.mongo,
            f"{endpoints.websocket}/live" if viewer else "",
            per_second,
            seconds,
            self.began_at,
        )
        # In files: some megabytes, and nobody reads them before the end.
        self._scratch = tempfile.TemporaryDirectory(prefix="load-")
        folder = Path(self._scratch.name)
        self._result, self._errors = folder / "course.json", folder / "errors"
        with self._errors.open("wb") as errors:
            self._process = subprocess.Popen(
                [
                    sys.executable, "-m", "bench.steady_process",
                    msgspec.json.encode(order).decode(), str(self._result),
                ],
                stdin=subprocess.DEVNULL,
                stderr=errors,
            )  # fmt: skip

    def wait_until(self, second: float) -> float:
        """Returns in this second of the load, with the second that it is."""
        time.sleep(max(0.0, self.began_at + second - time.monotonic()))
        return time.monotonic() - self.began_at

    def course(self) -> Course:
        """When it is over. Raises `StageFailedError` with what the load said last."""
        with self._process, self._scratch:
            self._process.wait()
            try:
                return msgspec.json.decode(self._result.read_bytes(), type=Course)
            except (OSError, msgspec.DecodeError) as error:
                said = self._errors.read_text(errors="replace").strip().rpartition("\n")[2]
                raise StageFailedError(
                    f"the load ended with status {self._process.returncode} and left no course: "
                    f"{said or error}"
                ) from None


def percentile(ascending: Sequence[float], percent: float) -> float | None:
    """The value that this part of them does not exceed; None of nothing."""
    return ascending[max(0, ceil(len(ascending) * percent / 100) - 1)] if ascending else None


def timeline(name: str, course: Course, marks: dict[str, float]) -> Timeline:
    """Second by second, until the last tweet was counted."""
    moments = [moment for moment in (*course.due, *course.accepted, *course.counted) if moment is not None]
    seconds = int(max(moments, default=0)) + 1

    def in_each(moments: Sequence[float | None]) -> list[int]:
        counts = [0] * seconds
        for moment in moments:
            if moment is not None:
                counts[int(moment)] += 1
        return counts

    def p99_of_each(moments: Sequence[float | None]) -> list[float | None]:
        waits: list[list[float]] = [[] for _ in range(seconds)]
        for due, moment in zip(course.due, moments, strict=True):
            if moment is not None:
                waits[int(due)].append((moment - due) * 1000)
        return [percentile(sorted(each), 99) for each in waits]

    return Timeline(
        name=name,
        marks=marks,
        sent=in_each(course.due),
        accepted=in_each(course.accepted),
        processed=in_each(course.counted),
        answer_p99_ms=p99_of_each(course.accepted),
        processed_p99_ms=p99_of_each(course.counted),
    )
