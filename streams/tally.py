"""The tally of a partition: what was counted, and up to which offset, in one value.

Counts and offset are one record of the changelog, so they cannot disagree, whatever dies when. Whether a
batch may be counted is decided here, by offsets alone:

- at or below the tally's offset everything was counted before: it is skipped;
- a batch whose log was read from beyond `offset + 1` skips records (Faust's recovery can fall one batch
  behind what was acknowledged): it must not be counted, the consumer has to go back to `offset + 1`.
"""

from collections.abc import Mapping, Sequence
from enum import Enum
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple
from zlib import crc32

UNKNOWN_LIFE = 0
"""The life of a topic whose id is not known."""

NOTHING_YET = -1
"""Offset of a tally that has counted nothing."""


class Tally(NamedTuple):
    """Counts of one partition. Every offset that it ever had is one of them, in whatever epoch of the topic:

        messages + dead + repeats + empty + lost = earlier + offset + 1

    `messages` are stored tweets, `countries` the same by ISO code, `dead` dead letters, `repeats` a client's
    retries of a stored one. `empty` are offsets without a record to count: control records, aborted
    transactions, what compaction took. `lost` are those that the log no longer had when they were to be
    counted (retention, deleted records).

    A topic that is made anew begins again at offset 0: that is another `epoch`, known by another `topic_id`
    (Kafka's, as text; empty where it is not known). The counts go on, and `earlier` are the offsets that
    earlier epochs had.
    """

    offset: int = NOTHING_YET
    messages: int = 0
    countries: Mapping[str, int] = {}
    dead: int = 0
    repeats: int = 0
    empty: int = 0
    lost: int = 0
    epoch: int = 0
    topic_id: str = ""
    earlier: int = 0
    former: Sequence[int] = ()
    """Earlier lives of the topic (`life_of`): a worker that still reads one of them is behind."""

    @classmethod
    def from_table(cls, value: Mapping[str, Any] | None) -> "Tally":
        """From the table's value, the empty tally where there is none.

        Fields of later versions are left out. Version 1 did not tell what was in no count: it is `empty`,
        and what it had counted beyond its offset is of `earlier` epochs.
        """
        if not value:
            return cls()
        tally = cls(**{field: value[field] for field in cls._fields if field in value})
        if "empty" in value:
            return tally
        uncounted = tally.offset + 1 - tally.messages - tally.dead - tally.repeats
        return tally._replace(empty=max(uncounted, 0), earlier=max(-uncounted, 0))

    def to_table(self) -> dict[str, Any]:
        """The value for the table, all of it plain JSON."""
        return self._asdict()

    @property
    def accounted(self) -> int:
        """All the offsets that are in one of the counts."""
        return self.messages + self.dead + self.repeats + self.empty + self.lost

    def counted(self, counts: "Counts", *, last: int) -> "Tally":
        """This tally with the offsets after `offset` up to and including `last` counted.

        Those that `counts` says nothing of are empty.
        """
        countries = dict(self.countries)
        for code, count in counts.countries.items():
            countries[code] = countries.get(code, 0) + count
        records = counts.messages + counts.dead + counts.repeats
        return self._replace(
            offset=last,
            messages=self.messages + counts.messages,
            countries=countries,
            dead=self.dead + counts.dead,
            repeats=self.repeats + counts.repeats,
            empty=self.empty + last - self.offset - records,
        )

    def without(self, *, before: int, stored: Mapping[str, int] = MappingProxyType({})) -> "Tally":
        """This tally with the offsets after `offset` and before `before` lost.

        All but those of messages that were `stored` nevertheless, by country's code.
        """
        lost = before - self.offset - 1
        found = self.counted(Counts(sum(stored.values()), stored), last=before - 1)
        return found._replace(empty=self.empty, lost=self.lost + lost - sum(stored.values()))

    def made_anew(
        self, topic_id: str, *, end: int, stored: Mapping[str, int] = MappingProxyType({})
    ) -> "Tally":
        """This tally at the beginning of the topic's next epoch.

        `end` is the offset at which the log of the one before is known to have ended; what was not counted
        of it is lost. `stored` are the messages that all earlier epochs are known to have, by country's code:
        more than were counted, if a worker stored some whose count was lost with it.
        """
        uncounted = {
            code: count - self.countries.get(code, 0)
            for code, count in stored.items()
            if count > self.countries.get(code, 0)
        }
        settled = self.without(before=max(end, self.offset + 1 + sum(uncounted.values())), stored=uncounted)
        return settled._replace(
            offset=NOTHING_YET,
            epoch=self.epoch + 1,
            topic_id=topic_id,
            earlier=self.earlier + settled.offset + 1,
            former=(*self.former, life_of(self.topic_id)) if self.topic_id else self.former,
        )

    def begun_again(self, topic_id: str, stored: Mapping[str, int]) -> "Tally":
        """This tally at the beginning of an epoch that it has left by mistake.

        Its messages are then those that all other epochs have `stored`, by country's code.
        """
        messages = sum(stored.values())
        others = (*self.former, life_of(self.topic_id))
        return self._replace(
            offset=NOTHING_YET,
            messages=messages,
            countries=stored,
            epoch=self.epoch + 1,
            topic_id=topic_id,
            earlier=messages + self.dead + self.repeats + self.empty + self.lost,
            former=tuple(life for life in others if life != life_of(topic_id)),
        )


class Counts(NamedTuple):
    """What one batch adds."""

    messages: int
    countries: Mapping[str, int]
    dead: int = 0
    repeats: int = 0


class Continuity(Enum):
    """How a batch stands to the tally."""

    NEXT = "it holds the next records, perhaps after some that were counted before"
    OLD = "all of it was counted before"
    HOLE = "records are missing in front of it"


def continuity(tally: Tally, *, start: int, last: int) -> Continuity:
    """Whether a batch read from offset `start` that ends with offset `last` may be counted."""
    if last <= tally.offset:
        return Continuity.OLD
    if start > tally.offset + 1:
        return Continuity.HOLE
    return Continuity.NEXT


@lru_cache(maxsize=16)
def life_of(topic_id: str) -> int:
    """A number of 31 bits that tells a topic's lives apart, whatever became of the tallies."""
    return (crc32(topic_id.encode()) & 0x7FFFFFFF or 1) if topic_id else UNKNOWN_LIFE
