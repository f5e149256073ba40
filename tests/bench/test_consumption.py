from collections.abc import Sequence
from typing import cast

import pytest

from bench import consumption
from bench.parts import Parts
from bench.reading import Reading
from bench.rows import Run


class _Clock:
    """Time that passes while somebody sleeps, and records that a worker has processed by then."""

    def __init__(self, starts_at: float, per_second: float) -> None:
        self.now = 0.0
        self.asked = 0
        self._starts_at = starts_at
        self._per_second = per_second

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def monotonic(self) -> float:
        return self.now

    def processed(self, _: object) -> int:
        self.asked += 1
        return int(max(0.0, self.now - self._starts_at) * self._per_second)


@pytest.fixture
def clock(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> _Clock:
    clock = _Clock(*request.param)
    monkeypatch.setattr(consumption, "time", clock)
    monkeypatch.setattr(consumption, "processed", clock.processed)
    return clock


@pytest.mark.parametrize("clock", [(6.0, 13_000.0)], indirect=True)
@pytest.mark.usefixtures("clock")
def test_a_small_goal_is_not_slept_over() -> None:
    assert 5_000 <= consumption._reached([], 5_000) < 6_000


@pytest.mark.parametrize("clock", [(0.0, 13_000.0)], indirect=True)
def test_a_far_goal_is_seldom_asked_for(clock: _Clock) -> None:
    assert 2_000_000 <= consumption._reached([], 2_000_000) < 2_001_000
    assert clock.asked < clock.now


@pytest.mark.parametrize("clock", [(1e9, 1.0)], indirect=True)
@pytest.mark.usefixtures("clock")
def test_a_worker_that_does_not_move_is_stuck() -> None:
    with pytest.raises(consumption.StuckError, match="0 records processed, not 1"):
        consumption._reached([], 1)


def _processed(monkeypatch: pytest.MonkeyPatch, tweets: Sequence[int]) -> None:
    """What is processed in each window that is asked for."""
    windows = iter(tweets)
    monkeypatch.setattr(
        consumption, "window", lambda *_: Run(next(windows), Reading(1.0, {"streams": 0.01}, {}))
    )


def test_a_window_that_a_batch_has_skipped_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    _processed(monkeypatch, [2000, 0])
    assert [run.tweets for run in consumption.windows(cast(Parts, None), 0, 2000, 2)] == [2000]


def test_what_was_over_before_it_could_be_watched_is_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    _processed(monkeypatch, [0, 0])
    with pytest.raises(consumption.StuckError, match="before they could be watched"):
        consumption.windows(cast(Parts, None), 0, 2000, 2)
