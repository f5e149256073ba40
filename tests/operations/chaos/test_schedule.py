import pytest

from operations.chaos.repertoire import choose
from operations.chaos.schedule import draw
from operations.local.links import LINKS

PLAIN = choose(["processes"], brokers=1, proxied=False)
ALL = choose([], brokers=3, proxied=True)


def test_the_same_seed_draws_the_same_faults() -> None:
    assert draw(7, 600, ALL) == draw(7, 600, ALL)
    assert draw(7, 600, ALL) != draw(8, 600, ALL)


@pytest.mark.parametrize("seed", range(20))
def test_ten_minutes_see_every_part_killed_and_every_kind_of_fault(seed: int) -> None:
    faults = draw(seed, 600, PLAIN)
    killed = {fault.target for fault in faults if fault.kind == "kill"}
    assert killed == {"streams", "producer", "gateway", "writer", "redis", "mongo", "kafka"}
    assert {fault.kind for fault in faults} == {"kill", "pause", "wipe", "scale", "restart"}


@pytest.mark.parametrize("seed", range(20))
def test_faults_come_one_after_another_and_leave_time_to_recover(seed: int) -> None:
    faults = draw(seed, 120, ALL)
    assert len(faults) >= 4
    ends = [fault.at + fault.seconds for fault in faults]
    assert all(following.at > end for end, following in zip(ends, faults[1:], strict=False))
    assert faults[-1].at <= 105


def test_workers_are_scaled_up_before_they_are_scaled_down() -> None:
    workers = [fault.workers for fault in draw(3, 1200, PLAIN) if fault.kind == "scale"]
    assert workers[:2] == [3, 1]


@pytest.mark.parametrize("seed", range(5))
def test_an_hour_sees_every_kind_of_fault_on_every_link(seed: int) -> None:
    faults = draw(seed, 3600, choose(["network"], brokers=1, proxied=True))
    assert {fault.target for fault in faults} == set(LINKS)
    assert {fault.kind for fault in faults} == {"delay", "throttle", "drip", "cut", "reset", "silence"}


def test_no_fault_lasts_for_most_of_a_short_run() -> None:
    faults = draw(1, 60, choose(["away"], brokers=3, proxied=False))
    assert {fault.seconds for fault in faults} == {18.0}
