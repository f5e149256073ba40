"""Which fault strikes what, and when: drawn from a seed, so that a run can be repeated."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, cycle

from operations.chaos.repertoire import Entry, Kind

GAP_SECONDS = (6.0, 16.0)
"""From the end of a fault to the next: at least, and at most."""
_WORKERS = (3, 1)
# One that stays away for a minute is for runs that are longer than that by much.
_LONGEST_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, due `at` seconds after the load began; what its kind is says the repertoire."""

    at: float
    kind: Kind
    target: str
    seconds: float = 0.0
    """How long it lasts, where that is not left to the struck."""
    workers: int = 0
    chance: float = 0.0
    """From 0 to 1: decides what is left open (which broker, which direction)."""


def draw(seed: int, duration_seconds: float, entries: Sequence[Entry]) -> list[Fault]:
    """The faults of a run, in order; the last comes early enough to be seen recovering within the run."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    # Every entry happens once before any happens again, so that even a short run sees most of them.
    rounds = chain.from_iterable(
        chance.sample(entries, len(entries)) for _ in range(int(duration_seconds) + 1)
    )
    targets = {id(entry): _in_turn(chance, entry.targets) for entry in entries}
    workers = cycle(_WORKERS)
    faults: list[Fault] = []
    at = chance.uniform(3.0, 6.0)
    for entry in rounds:
        if at > max(duration_seconds - 15.0, duration_seconds / 2):
            return faults
        seconds = min(chance.choice(entry.seconds), round(duration_seconds * _LONGEST_SHARE, 1))
        faults.append(
            Fault(
                round(at, 1),
                entry.kind,
                next(targets[id(entry)]),
                seconds,
                workers=next(workers) if entry.kind == "scale" else 0,
                chance=chance.random(),
            )
        )
        at += seconds + chance.uniform(*GAP_SECONDS)
    return faults


def _in_turn(chance: random.Random, targets: Sequence[str]) -> Iterator[str]:
    while True:
        yield from chance.sample(targets, len(targets))
