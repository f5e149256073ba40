"""The topic: a log for each partition, with transactions, compaction, retention, and several lives."""

import uuid
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from aiokafka.errors import UnknownTopicOrPartitionError

from streams.topic_identity import Topic as Description


@dataclass(eq=False)
class Entry:
    """What stands at an offset: a record, or the marker that ends a transaction."""

    value: bytes | None
    """`None` for a marker; a record without a value (a tombstone) has `b""` here and bad JSON either way."""
    id: str = ""
    """The tweet's id; empty for what is no tweet."""
    transaction: "Transaction | None" = None

    @property
    def is_marker(self) -> bool:
        return self.value is None


@dataclass(eq=False)
class Transaction:
    committed: bool | None = None
    """`None` while it is open."""


@dataclass(eq=False)
class Record:
    """A record as the consumer delivers it."""

    offset: int
    value: bytes
    timestamp: int
    key: bytes | None = None
    headers: Sequence[tuple[str, bytes]] = ()


@dataclass(eq=False)
class PartitionLog:
    """Offsets from `beginning` to `end`; some of them may have nothing any more."""

    entries: dict[int, Entry] = field(default_factory=dict)
    """What there still is, by offset, in its order."""
    beginning: int = 0
    end: int = 0
    appended: list[tuple[int, Entry]] = field(default_factory=list)
    """All that there ever was, with its offset."""

    def append(self, entry: Entry) -> None:
        self.entries[self.end] = entry
        self.appended.append((self.end, entry))
        self.end += 1

    @property
    def stable_end(self) -> int:
        """The offset before which no transaction is open."""
        return next(
            (o for o, e in self.entries.items() if e.transaction and e.transaction.committed is None),
            self.end,
        )

    def read(self, position: int, most: int) -> tuple[list[Record], int]:
        """Committed records from `position` on, as many as a fetch has entries; and where reading goes on."""
        stable_end = self.stable_end
        if position >= stable_end:
            return [], position
        offsets = list(self.entries)
        found = offsets[bisect_left(offsets, position) :][:most]
        found = [offset for offset in found if offset < stable_end]
        records = []
        for offset in found:
            entry = self.entries[offset]
            if entry.value is None or (entry.transaction and not entry.transaction.committed):
                continue
            records.append(Record(offset, entry.value, timestamp=1_700_000_000_000 + offset))
        # Behind the last of them comes what has nothing; a fetch that ends there has read it as well.
        following = next((offset for offset in offsets if found and offset > found[-1]), self.end)
        return records, min(following, stable_end) if found else stable_end

    def truncate(self, beginning: int) -> None:
        """Retention, or whoever deletes records, takes what lies before `beginning`."""
        self.beginning = max(self.beginning, beginning)
        for offset in [offset for offset in self.entries if offset < self.beginning]:
            del self.entries[offset]

    def compact(self, before: int) -> None:
        """Before that offset, of several records with the same id the last one stays, and no markers.

        As in Kafka, neither the last entry nor anything of an open transaction is touched.
        """
        last = {entry.id: offset for offset, entry in self.entries.items() if entry.id}
        before = min(before, self.stable_end)
        for offset, entry in list(self.entries.items())[:-1]:
            superseded = entry.id and last[entry.id] != offset
            if offset < before and (entry.is_marker or superseded):
                del self.entries[offset]


class Topic:
    """Its present life, and what was in the earlier ones."""

    def __init__(self, partitions: int, chance: Random) -> None:
        self._chance = chance
        self.lives: list[Life] = []
        self.make(partitions)

    @property
    def life(self) -> "Life":
        return self.lives[-1]

    @property
    def partitions(self) -> list[PartitionLog]:
        return self.life.partitions

    @property
    def description(self) -> Description:
        """As Kafka describes it."""
        return Description(self.life.topic_id, len(self.partitions))

    def log(self, partition: int) -> PartitionLog:
        """Raises `KafkaError` for one that there is not (any more)."""
        if partition >= len(self.partitions):
            raise UnknownTopicOrPartitionError
        return self.partitions[partition]

    def make(self, partitions: int) -> None:
        """Deletes the topic, if there is one, and makes it anew."""
        topic_id = str(uuid.UUID(int=self._chance.getrandbits(128), version=4))
        self.lives.append(Life(topic_id, [PartitionLog() for _ in range(partitions)]))

    def grow(self, by: int) -> None:
        """Adds partitions."""
        self.partitions.extend(PartitionLog() for _ in range(by))

    def ever(self) -> Iterator[tuple[int, int, int, Entry]]:
        """All that there ever was: life, partition, offset, entry."""
        for number, life in enumerate(self.lives):
            for partition, log in enumerate(life.partitions):
                for offset, entry in log.appended:
                    yield number, partition, offset, entry


@dataclass(eq=False)
class Life:
    """From one creation of the topic to the next."""

    topic_id: str
    partitions: list[PartitionLog]
