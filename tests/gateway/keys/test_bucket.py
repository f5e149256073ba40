"""What may be sent when."""

from gateway.keys.bucket import Bucket


def test_a_burst_is_taken_at_once_and_then_as_much_as_the_rate_gives() -> None:
    bucket = Bucket(rate=10, burst=5, now=0)
    assert [bucket.take(1, 0) for _ in range(5)] == [0] * 5
    assert bucket.take(1, 0) == 0.1
    assert bucket.take(1, 0.05) > 0
    assert bucket.take(1, 0.1) == 0
    assert bucket.take(3, 0.4) == 0
    assert bucket.take(1, 0.4) > 0


def test_a_pause_gives_no_more_than_a_burst() -> None:
    bucket = Bucket(rate=10, burst=5, now=0)
    assert bucket.take(6, 1_000_000) == 0.1
    assert bucket.take(5, 1_000_000) == 0


def test_what_has_no_room_takes_nothing() -> None:
    bucket = Bucket(rate=1, burst=5, now=0)
    assert bucket.take(3, 0) == 0
    assert bucket.take(3, 0) == 1
    assert bucket.take(2, 0) == 0


def test_who_waits_as_told_is_let_in_whatever_the_fractions() -> None:
    for rate in (0.1, 0.3, 1 / 3, 3, 7, 1_000_000 / 7):
        bucket = Bucket(rate=rate, burst=3, now=0)
        bucket.take(3, 0)
        now = 0.0
        for _ in range(1000):
            now += bucket.take(1, now)
            assert bucket.take(1, now) == 0


def test_what_is_given_back_can_be_taken_again_and_is_no_more_than_a_burst() -> None:
    bucket = Bucket(rate=1, burst=4, now=0)
    bucket.take(4, 0)
    bucket.give_back(4)
    assert bucket.remaining == 4
    bucket.give_back(4)
    assert bucket.take(5, 0) == 1


def test_it_says_what_remains_and_when_there_is_more() -> None:
    slow = Bucket(rate=0.1, burst=2, now=0)
    assert slow.window_seconds == 20
    slow.take(2, 0)
    assert (slow.remaining, slow.next_seconds) == (0, 10)
    slow.take(1, 4)
    assert (slow.remaining, slow.next_seconds) == (0, 6)
    fast = Bucket(rate=1000, burst=10, now=0)
    fast.take(4, 0)
    assert (fast.remaining, fast.next_seconds, fast.window_seconds) == (6, 1, 1)
