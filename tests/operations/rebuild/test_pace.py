"""Not faster than was asked."""

from operations.rebuild.pace import Pace


def test_what_was_done_is_paid_for_by_what_comes_next() -> None:
    now = [0.0]
    pace = Pace(100, lambda: now[0])
    assert pace.pause_seconds(50) == 0
    assert pace.pause_seconds(50) == 0.5
    now[0] = 0.75
    assert pace.pause_seconds(50) == 0.25


def test_what_was_slower_is_not_caught_up_on() -> None:
    now = [0.0]
    pace = Pace(100, lambda: now[0])
    pace.pause_seconds(100)
    now[0] = 60.0
    assert pace.pause_seconds(100) == 0
    assert pace.pause_seconds(1) == 1


def test_without_a_limit_nobody_waits() -> None:
    assert Pace(0).pause_seconds(10**9) == 0
