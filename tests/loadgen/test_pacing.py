import pytest

from loadgen.pacing import Schedule, parse_rate
from loadgen.shapes import SHAPES, spikes, steps


@pytest.mark.parametrize(("text", "factor"), [("", None), ("realtime", 1.0), ("x60", 60.0), ("x0.5", 0.5)])
def test_a_rate_is_how_many_times_faster(text: str, factor: float | None) -> None:
    assert parse_rate(text) == factor


@pytest.mark.parametrize("text", ["60", "x", "x0", "x-1", "fast", "xinf", "xnan"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="realtime or x"):
        parse_rate(text)


def test_tweets_are_due_as_their_times_say_whatever_the_time_zone() -> None:
    schedule = Schedule(["2026-06-01T08:00:00-06:00", "2026-06-01T14:01:00Z", "2026-06-01T14:04:00"], 60)
    assert [schedule.due(number) for number in range(3)] == [0, 1, 4]


def test_after_the_last_tweet_the_file_begins_again_an_average_gap_later() -> None:
    schedule = Schedule(["2026-06-01T00:00:00Z", "2026-06-01T00:00:04Z", "2026-06-01T00:00:08Z"], 1)
    assert [schedule.due(number) for number in range(3, 7)] == [12, 16, 20, 24]


def test_a_single_tweet_is_due_at_once_and_always() -> None:
    assert Schedule(["2026-06-01T00:00:00Z"], 1).due(5) == 0


@pytest.mark.parametrize(
    ("times", "complaint"),
    [
        (["2026-06-01T00:00:00Z", None], "tweet 1 has no time"),
        (["yesterday"], "no ISO 8601"),
        (["2026-06-02T00:00:00Z", "2026-06-01T00:00:00Z"], "earlier"),
    ],
)
def test_a_file_that_has_no_rhythm_is_refused(times: list[str | None], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Schedule(times, 1)


def test_steps_climb_to_the_peak_and_stay() -> None:
    users = [steps(second, 100, 50) for second in range(0, 100, 5)]
    assert users == sorted(users)
    assert (users[0], users[-1]) == (20, 100)


def test_spikes_come_once_a_period_on_a_calm_ground() -> None:
    users = [spikes(second, 100, 60) for second in range(180)]
    assert set(users) == {20, 100}
    assert set(users[28:33]) == {100}
    assert set(users[:27] + users[34:60]) == {20}
    assert users[:60] == users[60:120]


@pytest.mark.parametrize("shape", SHAPES.values())
def test_a_shape_always_has_somebody_and_never_more_than_the_peak(shape: object) -> None:
    assert callable(shape)
    assert all(1 <= shape(second / 7, 3, 10) <= 3 for second in range(200))
