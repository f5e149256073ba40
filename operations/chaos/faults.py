"""Carries a fault out on a running local stack."""

from collections.abc import Awaitable, Callable, Mapping

from operations.chaos import brokers, clocks, keys, network, processes, topic, transactions
from operations.chaos.field import Field
from operations.chaos.repertoire import REPERTOIRE, Family
from operations.chaos.schedule import Fault

_STRIKE: Mapping[Family, Callable[[Field, Fault], Awaitable[tuple[str, float]]]] = {
    "processes": processes.strike,
    "network": network.strike,
    "brokers": brokers.strike,
    "topic": topic.strike,
    "redis": keys.strike,
    "transactions": transactions.strike,
    "clocks": clocks.strike,
}
_FAMILY = {entry.kind: entry.family for entry in REPERTOIRE}


async def strike(field: Field, fault: Fault) -> tuple[str, float]:
    """Does it, and returns the name of what was struck and the moment (`time.monotonic()`).

    The moment is when it stopped working. What lasts has ended when this returns. Raises `ControlError`,
    `KafkaError` and `RedisError` where a fault cannot be carried out.
    """
    return await _STRIKE[_FAMILY[fault.kind]](field, fault)
