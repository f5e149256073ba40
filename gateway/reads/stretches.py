"""How far back to look at a time: stretches with about as many tweets as a page has.

Not every database walks an index newest first and stops when a page is full: the stand-in for MongoDB reads
all that a filter finds and sorts it. A filter by time finds few, if one knows how many there are at what
time, and `history` knows. It only says how far to look: nothing is left out where it is behind or wrong.
"""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from gateway.reads.counts import Countries, counted
from gateway.reads.database import Database

_UNSETTLED = timedelta(minutes=2)
"""So far may `history` be behind."""
_FIRST, _GROWTH = timedelta(milliseconds=250), 4
# Where nothing is known, not many steps may be needed to get anywhere.
_FIRST_UNKNOWN, _GROWTH_UNKNOWN = timedelta(seconds=1), 10
_HOUR, _MINUTE = timedelta(hours=1), timedelta(minutes=1)
_MILLISECOND = timedelta(milliseconds=1)
# A first look for what is new, further ones for what is rare.
_HOURS_AT_ONCE = (2, 8, 32, 128, 512)
_LONGEST = timedelta(days=400)


class Of(NamedTuple):
    """What tweets are looked for."""

    code: str | None
    kind: str | None


async def back_from(
    database: Database, of: Of, end: datetime, now: datetime, wanted: int
) -> AsyncIterator[datetime | None]:
    """Where each stretch begins, the newest first, None for the last: it has no beginning.

    Each ends where the one before it begins, the first at `end`.
    """
    settled = now - _UNSETTLED
    if end > settled:
        for start in _growing(min(end, now), settled, _FIRST, _GROWTH):
            yield start
        end = settled
    expected, start = 0, end
    async for beginning, tweets in _cells(database, of, end, wanted):
        # What is empty, or nearly so, goes with what comes before it.
        if expected and expected + tweets > 2 * wanted:
            yield start
            end, expected = start, 0
        expected += tweets
        start = beginning
    if expected:
        yield start
        end = start
    # Older than anything that was counted.
    for start in _growing(end, end - _LONGEST, _FIRST_UNKNOWN, _GROWTH_UNKNOWN):
        yield start
    yield None


def _growing(end: datetime, beginning: datetime, width: timedelta, growth: int) -> Iterator[datetime]:
    while end - width > beginning:
        yield end - width
        width *= growth
    yield beginning


async def _cells(
    database: Database, of: Of, end: datetime, wanted: int
) -> AsyncIterator[tuple[datetime, int]]:
    """Beginnings of times before `end`, newest first, and how many tweets to expect in each."""
    hour = end.replace(minute=0, second=0, microsecond=0)
    for number in _HOURS_AT_ONCE:
        first = hour - (number - 1) * _HOUR
        counts = await _counts(database, "hour", of, first, hour + _HOUR)
        while hour >= first:
            expected = counts.get(hour, 0)
            if expected <= wanted:
                yield min(hour, end), expected
            else:
                async for cell in _minutes(database, of, hour, end, wanted):
                    yield cell
            hour -= _HOUR


async def _minutes(
    database: Database, of: Of, hour: datetime, end: datetime, wanted: int
) -> AsyncIterator[tuple[datetime, int]]:
    counts = await _counts(database, "minute", of, hour, hour + _HOUR)
    if not counts:
        # Minutes are not kept for long; nor does anybody look at old tweets as often.
        total = sum((await _counts(database, "hour", of, hour, hour + _HOUR)).values())
        for start, expected in _slices(hour, _HOUR, total, wanted):
            if start < end:
                yield start, expected
        return
    for number in range(59, -1, -1):
        minute = hour + number * _MINUTE
        if minute < end:
            for start, expected in _slices(minute, _MINUTE, counts.get(minute, 0), wanted):
                if start < end:
                    yield start, expected


def _slices(start: datetime, width: timedelta, tweets: int, wanted: int) -> Iterator[tuple[datetime, int]]:
    number = max(1, min(-(-tweets // wanted), width // _MILLISECOND))
    slice_ = width // number
    for i in range(number - 1, -1, -1):
        yield start + i * slice_, tweets // number


async def _counts(
    database: Database, step: Literal["minute", "hour"], of: Of, start: datetime, end: datetime
) -> dict[datetime, int]:
    counts: dict[datetime, int] = {}
    async for at, countries in counted(database, step, start, end, of.code):
        counts[at] = counts.get(at, 0) + _tweets(countries, of)
    return counts


def _tweets(countries: Countries, of: Of) -> int:
    if of.kind is None:
        return sum(country.get("tweets", 0) for country in countries.values())
    return sum(country.get("kinds", {}).get(of.kind, 0) for country in countries.values())
