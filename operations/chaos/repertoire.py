"""Which faults there are."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple, get_args

from operations.local import clock
from operations.local.links import LINKS

Family = Literal["processes", "network", "brokers", "topic", "redis", "transactions", "clocks"]
Kind = Literal[
    "kill", "pause", "wipe", "restart", "scale",
    "delay", "throttle", "drip", "cut", "reset", "silence",
    "leader", "freeze", "roll", "away",
    "grow", "remake",
    "delete", "raise", "retype", "fill",
    "commit", "abort",
    "ahead", "behind",
]  # fmt: skip


class Entry(NamedTuple):
    """One thing that can be done, to one of its targets."""

    family: Family
    kind: Kind
    targets: tuple[str, ...]
    what: str
    seconds: tuple[float, ...] = (0.0,)
    """How long it may last."""


# Beyond Kafka's session timeout, so that some paused workers come back as zombies.
_PAUSES_SECONDS = (2.0, 5.0, 14.0)
_NETWORK_SECONDS = (3.0, 8.0, 14.0)
_CLOCK_SECONDS = (8.0, 14.0)
_PARTS = ("streams", "producer", "gateway", "writer", "redis", "mongo", "kafka")
_SERVICES = ("streams", "producer", "gateway", "writer")
_KEYS = ("countries", "totals", "tally:0", "countries:codes")

REPERTOIRE: tuple[Entry, ...] = (
    # One for each target: every part is killed before any is again.
    *(Entry("processes", "kill", (part,), "SIGKILL; the supervisor brings it back") for part in _PARTS),
    Entry("processes", "wipe", ("redis",), "killed, and back without its data"),
    *(
        Entry("processes", "pause", (part,), "SIGSTOP, and SIGCONT later", _PAUSES_SECONDS)
        for part in _SERVICES
    ),
    *(
        Entry("processes", "restart", (part,), "SIGTERM, drained, started again")
        for part in _SERVICES
    ),
    Entry("processes", "scale", ("streams",), "one worker becomes three, or three one"),
    Entry("network", "delay", LINKS, "250 ms later, 150 ms more or less", _NETWORK_SECONDS),
    Entry("network", "throttle", LINKS, "8 kB/s for each connection", _NETWORK_SECONDS),
    Entry("network", "drip", LINKS, "messages arrive in pieces of 3 bytes", _NETWORK_SECONDS),
    Entry("network", "cut", LINKS, "connections end, nobody lets new ones in", _NETWORK_SECONDS),
    Entry("network", "reset", LINKS, "all connections are reset, once"),
    Entry("network", "silence", LINKS, "open, but nothing arrives in one direction", _NETWORK_SECONDS),
    Entry("brokers", "leader", ("kafka",), "who leads most partitions is killed"),
    Entry("brokers", "freeze", ("kafka",), "a broker's SIGSTOP, and SIGCONT later", (14.0,)),
    Entry("brokers", "roll", ("kafka",), "one after another is restarted, as an operator does"),
    Entry("brokers", "away", ("kafka",), "a broker is stopped, and started later", (60.0,)),
    Entry("topic", "grow", ("messages",), "a partition is added"),
    Entry("topic", "remake", ("messages",), "deleted once all is counted, and made anew"),
    Entry("redis", "delete", _KEYS, "a key is deleted"),
    Entry("redis", "raise", _KEYS[:3], "a count is raised by somebody else"),
    Entry("redis", "retype", _KEYS, "another type stands under the key"),
    Entry("redis", "fill", ("redis",), "its memory is full", (5.0, 12.0)),
    Entry("transactions", "commit", ("messages",), "tweets of a transactional producer, committed"),
    Entry("transactions", "abort", ("messages",), "the same, aborted"),
    Entry("clocks", "ahead", _SERVICES, "started again with a clock two hours ahead", _CLOCK_SECONDS),
    Entry("clocks", "behind", _SERVICES, "the same, two hours behind", _CLOCK_SECONDS),
)  # fmt: skip

FAMILIES: tuple[Family, ...] = get_args(Family)


class NotDrawnError(ValueError):
    """What was chosen cannot be drawn, for the reason in the message."""


def possible(*, brokers: int, proxied: bool) -> dict[Family, str]:
    """By family why its faults cannot be drawn on such a stack; empty where they can."""
    return {
        "processes": "",
        "network": "" if proxied else "the stack runs without a proxy: start it with `up --proxied`",
        "brokers": "" if brokers >= 3 else "it takes three brokers: start it with `up --brokers 3`",
        "topic": "",
        "redis": "",
        "transactions": "",
        "clocks": "" if clock.library() else "libfaketime is not installed: apt-get install libfaketime",
    }


def choose(names: Iterable[str], *, brokers: int, proxied: bool) -> Sequence[Entry]:
    """The entries of these kinds and families; of no names: all that are possible on such a stack.

    Raises `NotDrawnError` for a name that there is not, and for one that is not possible.
    """
    obstacles = possible(brokers=brokers, proxied=proxied)
    chosen = list(dict.fromkeys(names))
    if not chosen:
        return [entry for entry in REPERTOIRE if not obstacles[entry.family]]
    known = {*FAMILIES, *(entry.kind for entry in REPERTOIRE)}
    if unknown := [name for name in chosen if name not in known]:
        raise NotDrawnError(f"there is no fault {', '.join(map(repr, unknown))}: see `--list-faults`")
    found = [entry for entry in REPERTOIRE if entry.family in chosen or entry.kind in chosen]
    for entry in found:
        if obstacle := obstacles[entry.family]:
            raise NotDrawnError(f"{entry.kind}: {obstacle}")
    return found
