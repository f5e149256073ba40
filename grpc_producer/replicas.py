"""How the topic's partitions are kept by the brokers, as these said last."""

import math
from collections.abc import Iterable

from aiokafka.structs import PartitionMetadata

NO_LEADER = -1


def under_replicated(partitions: Iterable[PartitionMetadata]) -> float:
    """How many of them fewer brokers have up to date than should; NaN of none, because nothing is known."""
    return _count([len(each.isr) < len(each.replicas) for each in partitions])


def without_leader(partitions: Iterable[PartitionMetadata]) -> float:
    """How many of them nobody leads; NaN of none."""
    return _count([each.leader == NO_LEADER for each in partitions])


def _count(those: list[bool]) -> float:
    return sum(those) if those else math.nan
