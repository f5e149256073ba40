"""Which fault strikes what, and when: drawn from a seed, so that a run can be repeated."""

import random
from dataclasses import dataclass
from itertools import chain, cycle
from typing import Literal

Kind = Literal["kill", "pause", "wipe", "scale", "restart"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, due `at` seconds after the load began.

    - `kill`: SIGKILL of the part's processes; the supervisor brings it back.
    - `pause`: SIGSTOP, and SIGCONT after `seconds`.
    - `wipe`: SIGKILL, then the part comes back without its data (Redis only).
    - `scale`: `target` is `streams`, the number of workers becomes `workers`.
    - `restart`: SIGTERM, drained, started again.
    """

    at: float
    kind: Kind
    target: str
    seconds: float = 0.0
    workers: int = 0


# Every entry happens once before any happens again, so that even a short run sees most of them.
_REPERTOIRE: tuple[tuple[Kind, str], ...] = (
    ("kill", "streams"),
    ("kill", "producer"),
    ("kill", "gateway"),
    ("kill", "writer"),
    ("kill", "redis"),
    ("kill", "mongo"),
    ("kill", "kafka"),
    ("wipe", "redis"),
    ("pause", "streams"),
    ("pause", "producer"),
    ("pause", "gateway"),
    ("pause", "writer"),
    ("restart", "streams"),
    ("restart", "producer"),
    ("restart", "gateway"),
    ("restart", "writer"),
    ("scale", "streams"),
)

# Beyond Kafka's session timeout, so that some paused workers come back as zombies.
_PAUSES_SECONDS = (2.0, 5.0, 14.0)
_GAP_SECONDS = (6.0, 16.0)
_WORKERS = (3, 1)


def draw(seed: int, duration_seconds: float) -> list[Fault]:
    """The faults of a run, in order; the last comes early enough to be seen recovering within the run."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    rounds = chain.from_iterable(
        chance.sample(_REPERTOIRE, len(_REPERTOIRE)) for _ in range(int(duration_seconds) + 1)
    )
    workers = cycle(_WORKERS)
    faults: list[Fault] = []
    at = chance.uniform(3.0, 6.0)
    for kind, target in rounds:
        if at > max(duration_seconds - 15.0, duration_seconds / 2):
            return faults
        seconds = chance.choice(_PAUSES_SECONDS) if kind == "pause" else 0.0
        faults.append(
            Fault(round(at, 1), kind, target, seconds, workers=next(workers) if kind == "scale" else 0)
        )
        at += seconds + chance.uniform(*_GAP_SECONDS)
    return faults
