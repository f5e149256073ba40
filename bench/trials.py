"""Ways of publishing to Kafka, to be tried one after another, and what came of each."""

from typing import Literal

import msgspec

from bench.reading import Reading


class Trial(msgspec.Struct, frozen=True):
    """What our producer does, but for what a trial changes."""

    name: str
    acks: Literal["0", "1", "all"] = "all"
    idempotent: bool = True
    ours: bool = True
    """Our batches; else those that aiokafka's `send` collects, the only ones that a linger holds back."""
    linger_ms: int = 0
    batch_bytes: int = 512 * 1024
    compression: Literal["none", "gzip", "lz4", "snappy", "zstd"] = "none"
    partitions: int = 6
    under_way: int = 2000
    """Records sent and not yet acknowledged, at full rate."""


class Series(msgspec.Struct, frozen=True):
    """Trials, each at full rate and then at a steady one."""

    bootstrap_servers: str
    kafka: list[int]
    """Processes of the broker."""
    trials: list[Trial]
    full_seconds: float
    steady_seconds: float
    steady_per_second: int


class Outcome(msgspec.Struct, frozen=True):
    """Of one trial."""

    records: int
    """Acknowledged at full rate."""
    reading: Reading
    """Of the broker and the producer, at full rate."""
    p50_ms: float
    """From a record's time to be sent, at the steady rate, to its acknowledgement."""
    p99_ms: float


def topic(partitions: int) -> str:
    """The topic with so many."""
    return f"trials-{partitions}"
