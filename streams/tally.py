"""The tally of a partition: what was counted, and up to which offset, in one value.

Counts and offset are one record of the changelog, so they cannot disagree, whatever dies when. Whether a
batch may be counted is decided here, by offsets alone:

- at or below the tally's offset everything was counted before: it is skipped;
- a batch whose log was read from beyond `offset + 1` skips records (Faust's recovery can fall one batch
  behind what was acknowledged): it must not be counted, the consumer has to go back to `offset + 1`.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any, NamedTuple

NOTHING_YET = -1
"""Offset of a tally that has counted nothing."""


class Tally(NamedTuple):
    """Counts of one partition; every offset up to and including `offset` is one of them.

    `messages` are stored tweets, `dead` dead letters, `repeats` a client's retries of a stored one.
    `countries` are the messages by ISO code. Control records and what retention took are in none.
    """

    offset: int = NOTHING_YET
    messages: int = 0
    countries: Mapping[str, int] = {}
    dead: int = 0
    repeats: int = 0

    @classmethod
    def from_table(cls, value: Mapping[str, Any] | None) -> "Tally":
        """From the table's value, the empty tally where there is none."""
        return cls(**value) if value else cls()

    def to_table(self) -> dict[str, Any]:
        """The value for the table, all of it plain JSON."""
        return self._asdict()

    def counted(self, counts: "Counts", *, last: int) -> "Tally":
        """This tally with the records after `offset` up to and including `last` counted."""
        countries = dict(self.countries)
        for code, count in counts.countries.items():
            countries[code] = countries.get(code, 0) + count
        return Tally(
            offset=last,
            messages=self.messages + counts.messages,
            countries=countries,
            dead=self.dead + counts.dead,
            repeats=self.repeats + counts.repeats,
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
