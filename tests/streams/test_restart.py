"""A worker that begins anew in its own place, and is asked to stop meanwhile: it ends as it always does."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.streams.cluster import PATIENCE_SECONDS

STOPS = [signal.SIGTERM, signal.SIGINT]


class SlowWorker:
    """`slow_worker` as a process."""

    def __init__(self, folder: Path, *, drains: float, stops: float, between: int) -> None:
        self._log = folder / "log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.streams.slow_worker"],
                env={
                    **os.environ,
                    "DATA": str(folder),
                    "DRAINS": str(drains),
                    "STOPS": str(stops),
                    "BETWEEN": str(between),
                },
                stdout=log,
                stderr=log,
            )

    def ended(self) -> int:
        """Its exit status, when it has one."""
        try:
            return self.process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it does not end\n{self._log.read_text()}") from None

    def said(self, word: str) -> int:
        return self._log.read_text().split().count(word)

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            assert self.process.poll() is None, self._log.read_text()
            assert time.monotonic() < deadline, self._log.read_text()
            time.sleep(0.002)

    def begin_anew(self) -> None:
        self.until(lambda: self.said("started") == 1)
        self.process.send_signal(signal.SIGUSR1)

    def holds_back(self, number: signal.Signals) -> bool:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        (mask,) = [line.split()[1] for line in status.splitlines() if line.startswith("SigBlk")]
        return bool(int(mask, 16) >> (number - 1) & 1)


Start = Callable[..., SlowWorker]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    workers = []

    def starting(*, drains: float = 0.0, stops: float = 600.0, between: int = 0) -> SlowWorker:
        workers.append(SlowWorker(tmp_path, drains=drains, stops=stops, between=between))
        return workers[-1]

    yield starting
    for worker in workers:
        worker.process.kill()
        worker.process.wait()


@pytest.mark.parametrize("number", STOPS)
def test_a_worker_that_drains_before_it_begins_anew_ends_when_it_is_asked_to(
    start: Start, number: signal.Signals
) -> None:
    worker = start(drains=0.5)
    worker.begin_anew()
    worker.until(lambda: worker.said("draining") == 1)
    worker.process.send_signal(number)
    assert worker.ended() == 0
    assert worker.said("started") == 1


@pytest.mark.parametrize("number", STOPS)
def test_a_worker_is_asked_to_end_while_its_loop_does_not_run(start: Start, number: signal.Signals) -> None:
    worker = start(between=number)
    worker.begin_anew()
    assert worker.ended() == 0
    assert worker.said("started") == 1


@pytest.mark.parametrize("number", STOPS)
def test_a_worker_that_is_just_beginning_anew_ends_in_order(start: Start, number: signal.Signals) -> None:
    worker = start()
    worker.begin_anew()
    worker.until(lambda: worker.holds_back(number))
    worker.process.send_signal(number)
    assert worker.ended() == 0


def test_a_worker_that_has_begun_anew_is_the_same_process_and_ends_in_order(start: Start) -> None:
    worker = start()
    worker.begin_anew()
    worker.until(lambda: worker.said("started") == 2)
    worker.until(lambda: not any(worker.holds_back(number) for number in STOPS))
    worker.process.terminate()
    assert worker.ended() == 0


def test_a_worker_that_does_not_come_to_an_end_begins_anew_as_after_a_crash(start: Start) -> None:
    worker = start(drains=600.0, stops=0.2)
    worker.begin_anew()
    worker.until(lambda: worker.said("started") == 2)


@pytest.mark.parametrize("drains", [0.0, 600.0], ids=["in order", "by force"])
def test_a_worker_that_has_crashed_comes_to_an_end(start: Start, drains: float) -> None:
    worker = start(drains=drains, stops=0.2 if drains else 600.0)
    worker.until(lambda: worker.said("started") == 1)
    worker.process.send_signal(signal.SIGUSR2)
    assert worker.ended() == 1
    assert worker.said("force:") == (1 if drains else 0)
