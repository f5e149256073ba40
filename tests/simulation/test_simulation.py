"""The core in a thousand worlds in which nearly everything goes wrong, each repeatable by its seed."""

import pytest

from tests.simulation import schedule
from tests.simulation.run import GUARDS, explain, of_seed, of_seeds
from tests.simulation.schedule import Action, AddWorker, Freeze, MakeTopicAnew, Retain, Send, TakeStoreAway
from tests.simulation.shrinking import shrink


@pytest.mark.parametrize(
    "seeds", [pytest.param(range(250)), pytest.param(range(250, 1_000), marks=pytest.mark.long)], ids=repr
)
def test_in_every_world_the_stores_agree_and_every_guard_was_needed(seeds: range) -> None:
    report = of_seeds(seeds)
    assert not report.failed, explain(report.failed[0])
    assert not report.unfired
    assert len(GUARDS) > 5


@pytest.mark.parametrize("seed", range(5))
def test_a_world_is_the_same_each_time(seed: int) -> None:
    first, second = of_seed(seed), of_seed(seed)
    assert first == second
    assert len(first.trace) > len(schedule.draw(seed))


@pytest.mark.parametrize(
    "actions",
    [
        pytest.param(
            [
                TakeStoreAway(2.36, "mongo", 12.0),
                Send(3.42, 0.359, "nn", 0.778),
                Freeze(9.82, 0.829, 12.0),
                Send(10.74, 0.664, "x", 0.605),
                Retain(12.07, 0.653, 0.608),
            ],
            id="stored by a worker that stood still after they had been counted as lost",
        ),
        pytest.param(
            [
                TakeStoreAway(2.36, "mongo", 12.0),
                Freeze(9.82, 0.829, 12.0),
                MakeTopicAnew(12.82, 4, 1),
            ],
            id="the topic's new id is learned of between two answers",
        ),
    ],
)
def test_what_failed_once_is_mended(actions: list[Action]) -> None:
    """Shrunk schedules of a seed, which draws the delays: a world that failed before the mend."""
    assert not of_seed(1107, actions).failures


def test_different_seeds_are_different_worlds() -> None:
    assert len({tuple(schedule.draw(seed)) for seed in range(50)}) == 50


def test_a_schedule_is_shrunk_to_what_is_needed_for_it_to_fail() -> None:
    needed = [AddWorker(3.0), Send(5.0, 0.0, "n", 0.0)]
    others = [AddWorker(float(at)) for at in (1, 2, 4, 6, 7, 8)]
    actions = sorted([*needed, *others], key=lambda action: action.at)
    assert shrink(actions, lambda fewer: all(action in fewer for action in needed)) == needed
