import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.outcome import Outcome

latencies = st.lists(st.floats(0, 100), min_size=1, max_size=200)


@given(latencies, st.floats(0.01, 1))
def test_a_percentile_is_right_to_a_tenth_of_a_millisecond_or_one_per_cent(
    seconds: list[float], quantile: float
) -> None:
    outcome = Outcome()
    for latency in seconds:
        outcome.record(None, 0.0, latency)
    exact = sorted(seconds)[math.ceil(quantile * len(seconds)) - 1] * 1000
    assert outcome.latency_ms(quantile) == pytest.approx(exact, rel=0.011, abs=0.051)


@given(
    st.lists(st.tuples(st.sampled_from([None, "503", "422"]), st.floats(0, 5)), max_size=60),
    st.integers(0, 60),
)
def test_parts_that_crossed_processes_add_up_to_the_whole(
    records: list[tuple[str | None, float]], cut: int
) -> None:
    whole, total = Outcome(), Outcome()
    for part in (records[:cut], records[cut:]):
        piece = Outcome()
        for reason, seconds in part:
            for outcome in (whole, piece):
                outcome.record(reason, 100.0, 100.0 + seconds)
        total.add_message(json.loads(json.dumps(piece.to_message())))
    assert total.summary() == whole.summary()
    assert total.requests == len(records)
    assert total.failed == sum(reason is not None for reason, _ in records)


def test_nothing_has_no_rate_and_no_latency() -> None:
    assert Outcome().summary() == {
        "requests": 0,
        "accepted": 0,
        "failed": 0,
        "requests_per_second": 0.0,
        "seconds": 0.0,
        "latency_ms": {"p50": 0.0, "p95": 0.0, "p99": 0.0},
        "failures": {},
        "ended_at": None,
    }
