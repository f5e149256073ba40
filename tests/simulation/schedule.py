"""What happens to the world and when: drawn from a seed, and short enough to be read."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

LASTS_SECONDS = 25.0
"""Nothing new happens after that."""

LONGEST_SECONDS = 12.0
"""What an action begins is over by then."""

PARTITIONS = 3
WORKERS = 2

DAMAGED_KEYS = ("countries", "totals", "tally:0", "tally:1", "tally:2")
STORES = ("dead", "mongo", "redis")


@dataclass(frozen=True)
class Action:
    """Something that is done at a time. What is a share (0 to 1) is of whatever there is then."""

    at: float


@dataclass(frozen=True)
class Send(Action):
    """A producer sends records, all at once, to one partition.

    `what` is a letter for each: n(ew), a(gain, an id that was sent before), x (no tweet).
    """

    partition: float
    what: str
    share: float


@dataclass(frozen=True)
class SendInTransaction(Send):
    """The same, ended by a marker some seconds later."""

    seconds: float
    commits: bool


@dataclass(frozen=True)
class Kill(Action):
    worker: float
    back_after_seconds: float


@dataclass(frozen=True)
class Stop(Action):
    worker: float
    back_after_seconds: float


@dataclass(frozen=True)
class Freeze(Action):
    worker: float
    seconds: float


@dataclass(frozen=True)
class AddWorker(Action):
    pass


@dataclass(frozen=True)
class Rebalance(Action):
    pass


@dataclass(frozen=True)
class TakeStoreAway(Action):
    store: str
    seconds: float


@dataclass(frozen=True)
class LoseChangelogTail(Action):
    partition: float
    records: int


@dataclass(frozen=True)
class Retain(Action):
    """Retention takes the older part of a partition."""

    partition: float
    share: float


@dataclass(frozen=True)
class Compact(Action):
    partition: float


@dataclass(frozen=True)
class AddPartitions(Action):
    count: int


@dataclass(frozen=True)
class MakeTopicAnew(Action):
    partitions: int
    records: int
    """What the new one has before anybody looks, in each partition."""


@dataclass(frozen=True)
class Outdate(Action):
    """The broker that a worker asks for the topic is behind: it describes it as it was."""

    worker: float
    seconds: float


@dataclass(frozen=True)
class DamageKey(Action):
    """Somebody deletes a key of Redis, writes another number into it, or makes it a string."""

    key: str
    how: str
    by: int


@dataclass(frozen=True)
class FlushRedis(Action):
    pass


@dataclass(frozen=True)
class DropHistory(Action):
    """Somebody deletes the collection of the history."""


def draw(seed: int) -> list[Action]:
    """The schedule of a seed, in the order of time."""
    chance = Random(f"{seed}/schedule")
    # Not all kinds at once: in some worlds a fault has the field to itself and can last.
    kinds = [kind for kind in _FAULTS if chance.random() < 0.35]
    actions = [_send(chance) for _ in range(chance.randint(8, 25))]
    if chance.random() < 0.4:
        actions += [_send_in_transaction(chance) for _ in range(chance.randint(1, 8))]
    if kinds:
        for _ in range(chance.randint(1, 8)):
            actions += chance.choice(kinds)(chance)
    return sorted(actions, key=lambda action: action.at)


def _at(chance: Random) -> float:
    return round(chance.uniform(0.0, LASTS_SECONDS), 2)


def _what(chance: Random) -> str:
    return "".join(chance.choices("nax", weights=(12, 3, 2), k=chance.randint(1, 5)))


def _send(chance: Random) -> Action:
    return Send(_at(chance), chance.random(), _what(chance), chance.random())


def _send_in_transaction(chance: Random) -> Action:
    seconds = chance.choice([0.0, 0.01, 0.5, 6.0])
    return SendInTransaction(
        _at(chance), chance.random(), _what(chance), chance.random(), seconds, commits=chance.random() < 0.7
    )


def _make_topic_anew(chance: Random, at: float | None = None) -> Action:
    when = _at(chance) if at is None else at
    return MakeTopicAnew(when, chance.randint(3, 5), chance.choice([0, 1, 5, 20]))


def _damage(chance: Random) -> Action:
    how = chance.choice(["delete", "write", "retype"])
    return DamageKey(_at(chance), chance.choice(DAMAGED_KEYS), how, chance.randint(-3, 3))


# Some kinds of trouble need several things in a row, which chance alone would seldom bring together.


def _made_anew_unknown_to_one(chance: Random) -> list[Action]:
    """A worker that does not know it yet is given partitions that others have moved to the new epoch."""
    at = _at(chance)
    return [
        Outdate(at, chance.random(), chance.choice([4.0, 8.0])),
        _make_topic_anew(chance, at + 0.1),
        Rebalance(at + chance.uniform(1.0, 6.0)),
    ]


def _made_anew_behind_a_back(chance: Random) -> list[Action]:
    """A worker stands still with records in hand, and goes on when their topic is no more."""
    at, worker = _at(chance), chance.random()
    return [
        *(Send(at, chance.random(), _what(chance), chance.random()) for _ in range(3)),
        Freeze(at + chance.uniform(0.05, 0.5), worker, chance.choice([9.0, 12.0])),
        _make_topic_anew(chance, at + chance.uniform(0.5, 4.0)),
    ]


def _retained_behind_a_back(chance: Random) -> list[Action]:
    """A worker stands still with records in hand that the log loses meanwhile, and stores them then."""
    at, partition = _at(chance), chance.random()
    return [
        TakeStoreAway(at, "mongo", 2.0),
        Send(at + 0.1, partition, "n" * chance.randint(1, 5), 0.0),
        Freeze(at + chance.uniform(0.6, 1.9), chance.random(), 12.0),
        Retain(at + chance.uniform(2.0, 12.0), partition, 0.999),
        Send(at + chance.uniform(2.0, 20.0), partition, "n", 0.0),
    ]


def _superseded_and_counted_again(chance: Random) -> list[Action]:
    """A record is counted, a later one has its id, compaction takes it, and the tally falls back."""
    at, partition = _at(chance), chance.random()
    return [
        Send(at, partition, "n" * chance.randint(1, 3), 0.0),
        Send(at + chance.uniform(0.0, 2.0), partition, "a" * chance.randint(1, 3), 0.999),
        Compact(at + 4.0, partition),
        LoseChangelogTail(at + 4.0, partition, chance.randint(1, 3)),
        Rebalance(at + 4.1),
    ]


_SINGLE_FAULTS: tuple[Callable[[Random], Action], ...] = (
    lambda chance: Kill(_at(chance), chance.random(), chance.uniform(0.0, 12.0)),
    lambda chance: Stop(_at(chance), chance.random(), chance.uniform(0.0, 5.0)),
    lambda chance: Freeze(_at(chance), chance.random(), chance.choice([2.0, 9.0, 12.0])),
    lambda chance: AddWorker(_at(chance)),
    lambda chance: Rebalance(_at(chance)),
    lambda chance: TakeStoreAway(_at(chance), chance.choice(STORES), chance.choice([0.5, 5.0, 12.0])),
    lambda chance: LoseChangelogTail(_at(chance), chance.random(), chance.randint(1, 3)),
    lambda chance: Retain(_at(chance), chance.random(), chance.random()),
    lambda chance: Compact(_at(chance), chance.random()),
    lambda chance: AddPartitions(_at(chance), chance.randint(1, 2)),
    _make_topic_anew,
    _damage,
    lambda chance: FlushRedis(_at(chance)),
    lambda chance: DropHistory(_at(chance)),
)

_Fault = Callable[[Random], list[Action]]


def _alone(fault: Callable[[Random], Action]) -> _Fault:
    return lambda chance: [fault(chance)]


_FAULTS: tuple[_Fault, ...] = (
    *map(_alone, _SINGLE_FAULTS),
    _made_anew_unknown_to_one,
    _made_anew_behind_a_back,
    _retained_behind_a_back,
    _superseded_and_counted_again,
)
