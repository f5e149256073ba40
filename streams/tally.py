"""The tally of a partition: what was counted, and up to which offset, in one value.

Counts and offset are one record of the changelog, so they cannot disagree, whatever dies when. Whether a
batch may be counted is decided here, by offsets alone:

- at or below the tally's offset everything was counted before: it is skipped;
- a batch whose log was read from beyond `offset + 1` skips records (Faust's recovery can fall one batch
  behind what was acknowledged): it must not be counted, the consumer has to go back to `offset + 1`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import Enum
from functools import lru_cache
from typing import Any, NamedTuple
from zlib import crc32

UNKNOWN_LIFE = 0
"""The life of a topic whose id is not known."""

NOTHING_YET = -1
"""Offset of a tally that has counted nothing."""


_LOSSES_KEPT = 8
"""Whoever stood still stores what it had in hand when it goes on: older losses are lost for good."""


class Loss(NamedTuple):
    """Offsets from `first` on and before `before`, which the log lost before they were counted."""

    first: int
    before: int
    stored: Mapping[str, int]
    """Those that were messages nevertheless, by country's code."""


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
    """Earlier lives of the topic (`life_of`)."""
    begun_with: Mapping[str, int] | None = None
    """The messages of earlier epochs, by country's code; `None` if a version before took no note of them."""
    given_up: int = 0
    """Of `lost`, what the epoch before was known to have when it ended."""
    losses: Sequence["Loss"] = ()
    """Where the log of this epoch had lost records, of late: a worker that stood still may yet store some."""

    @classmethod
    def from_table(cls, value: Mapping[str, Any] | None) -> "Tally":
        """From the table's value, the empty tally where there is none.

        Fields of later versions are left out. Version 1 did not tell what was in no count: it is `empty`,
        and what it had counted beyond its offset is of `earlier` epochs.
        """
        if not value:
            return cls()
        tally = cls(**{field: value[field] for field in cls._fields if field in value})
        if tally.losses:
            tally = tally._replace(losses=tuple(Loss(*loss) for loss in tally.losses))
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

    def without(self, *, before: int) -> "Tally":
        """This tally with the offsets after `offset` and before `before` lost."""
        return self._replace(
            offset=before - 1,
            lost=self.lost + before - self.offset - 1,
            losses=(*self.losses, Loss(self.offset + 1, before, {}))[-_LOSSES_KEPT:],
        )

    def with_found(self, stored: Sequence[Mapping[str, int]]) -> "Tally":
        """This tally with messages that were stored nevertheless, before or after they were counted as lost.

        `stored` is what there is of each of the `losses` by now, by country's code.
        """
        found = Counter[str]()
        for loss, now in zip(self.losses, stored, strict=True):
            found += Counter(now) - Counter(loss.stored)
        if not found:
            return self
        return self._replace(
            messages=self.messages + found.total(),
            countries=dict(found + Counter(self.countries)),
            lost=self.lost - found.total(),
            losses=tuple(
                loss._replace(stored=dict(Counter(now) | Counter(loss.stored)))
                for loss, now in zip(self.losses, stored, strict=True)
            ),
        )

    def made_anew(self, topic_id: str, *, end: int) -> "Tally":
        """This tally at the beginning of the topic's next epoch.

        `end` is the offset at which the log of the one before is known to have ended; what was not counted
        of it is lost.
        """
        settled = self.without(before=max(end, self.offset + 1))
        return settled._replace(
            offset=NOTHING_YET,
            epoch=self.epoch + 1,
            topic_id=topic_id,
            earlier=self.earlier + settled.offset + 1,
            former=(*self.former, life_of(self.topic_id)) if self.topic_id else self.former,
            begun_with=settled.countries,
            given_up=settled.lost - self.lost,
            losses=(),
        )

    def with_late(self, stored: Mapping[str, int]) -> "Tally":
        """This tally with messages of earlier epochs that were not counted when these ended.

        Because their count was lost, or a worker that stood still meanwhile stored them later. `stored` is
        what earlier epochs have by now, by country's code.
        """
        begun_with = Counter(self.begun_with or {})
        late = Counter(stored) - begun_with
        found = min(late.total(), self.given_up)
        return self._replace(
            messages=self.messages + late.total(),
            countries=dict(late + Counter(self.countries)),
            lost=self.lost - found,
            earlier=self.earlier + late.total() - found,
            begun_with=dict(begun_with + late),
            given_up=self.given_up - found,
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
