"""What happens to the world and when: drawn from a seed, and short enough to be read."""

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
class DamageKey(Action):
    """Somebody deletes a key of Redis, writes another number into it, or makes it a string."""

    key: str
    how: str
    by: int


@dataclass(frozen=True)
class FlushRedis(Action):
    pass


def draw(seed: int) -> list[Action]:
    """The schedule of a seed, in the order of time."""
    chance = Random(f"{seed}/schedule")
    # Not all kinds at once: in some worlds a fault has the field to itself and can last.
    kinds = [kind for kind in _FAULTS if chance.random() < 0.35]
    if _compact in kinds:
        # A record that a later one superseded is gone: nothing could count it again.
        kinds = [kind for kind in kinds if kind is not _tail]
    actions = [_send(chance) for _ in range(chance.randint(8, 25))]
    if chance.random() < 0.4:
        actions += [_send_in_transaction(chance) for _ in range(chance.randint(1, 8))]
    if kinds:
        actions += [chance.choice(kinds)(chance) for _ in range(chance.randint(1, 8))]
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


def _tail(chance: Random) -> Action:
    return LoseChangelogTail(_at(chance), chance.random(), chance.randint(1, 3))


def _compact(chance: Random) -> Action:
    return Compact(_at(chance), chance.random())


def _make_topic_anew(chance: Random) -> Action:
    return MakeTopicAnew(_at(chance), chance.randint(3, 5), chance.choice([0, 1, 5, 20]))


def _damage(chance: Random) -> Action:
    how = chance.choice(["delete", "write", "retype"])
    return DamageKey(_at(chance), chance.choice(DAMAGED_KEYS), how, chance.randint(-3, 3))


_FAULTS = (
    lambda chance: Kill(_at(chance), chance.random(), chance.uniform(0.0, 12.0)),
    lambda chance: Stop(_at(chance), chance.random(), chance.uniform(0.0, 5.0)),
    lambda chance: Freeze(_at(chance), chance.random(), chance.choice([2.0, 9.0, 12.0])),
    lambda chance: AddWorker(_at(chance)),
    lambda chance: Rebalance(_at(chance)),
    lambda chance: TakeStoreAway(_at(chance), chance.choice(STORES), chance.choice([0.5, 5.0, 12.0])),
    _tail,
    lambda chance: Retain(_at(chance), chance.random(), chance.random()),
    _compact,
    lambda chance: AddPartitions(_at(chance), chance.randint(1, 2)),
    _make_topic_anew,
    _damage,
    lambda chance: FlushRedis(_at(chance)),
)
