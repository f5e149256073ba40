import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.ledger import Ledger


def numbers(ranges: list[tuple[int, int]]) -> list[int]:
    return [number for start, stop in ranges for number in range(start, stop)]


def test_numbers_are_leased_in_order_and_once() -> None:
    ledger = Ledger(10)
    assert ledger.lease("a", 4) == [(0, 4)]
    assert ledger.lease("b", 4) == [(4, 8)]
    assert ledger.lease("a", 4) == [(8, 10)]
    assert ledger.lease("b", 4) == []
    assert not ledger.complete


def test_what_is_given_back_is_leased_again() -> None:
    ledger = Ledger(6)
    ledger.lease("a", 6)
    ledger.settle("a", 2)
    ledger.give_back("a", [(2, 6)])
    assert numbers(ledger.lease("b", 10)) == [2, 3, 4, 5]
    ledger.settle("b", 4)
    assert ledger.complete


def test_a_dead_worker_takes_with_it_what_it_held_and_is_not_heard_again() -> None:
    ledger = Ledger(6)
    ledger.lease("a", 4)
    ledger.settle("a", 1)
    assert ledger.give_up("a") == 3
    assert not ledger.settle("a", 3)
    ledger.give_back("a", [(1, 4)])
    assert ledger.lease("a", 1) == []
    ledger.lease("b", 2)
    ledger.settle("b", 2)
    assert (ledger.settled, ledger.lost, ledger.complete) == (3, 3, True)


def test_nothing_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Ledger(0)


@given(total=st.integers(1, 300), workers=st.integers(1, 5), seed=st.integers())
def test_however_workers_come_and_go_every_number_is_settled_once_or_lost(
    total: int, workers: int, seed: int
) -> None:
    rng = random.Random(seed)
    ledger = Ledger(total)
    held: dict[str, list[int]] = {f"worker {n}": [] for n in range(workers)}
    settled: list[int] = []
    lost = 0
    for _ in range(100_000):
        if ledger.complete:
            break
        worker = rng.choice(sorted(held))
        match rng.choice(("lease", "lease", "settle", "settle", "give back", "die")):
            case "lease":
                held[worker] += numbers(ledger.lease(worker, rng.randint(1, 40)))
            case "settle" if held[worker]:
                count = rng.randint(1, len(held[worker]))
                settled += held[worker][:count]
                del held[worker][:count]
                assert ledger.settle(worker, count)
            case "give back" if held[worker]:
                ledger.give_back(worker, [(number, number + 1) for number in held[worker]])
                held[worker] = []
            case "die" if len(held) > 1:
                assert ledger.give_up(worker) == len(held.pop(worker))
                lost = ledger.lost
    assert ledger.complete
    assert len(settled) == len(set(settled)) == ledger.settled
    assert ledger.settled + lost == total
