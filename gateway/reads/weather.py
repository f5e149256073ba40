"""`GET /weather`: what the tweets up to now say, by country."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import msgspec

from gateway.reads.counts import Countries, Sum, counted
from gateway.reads.database import Database
from gateway.reads.moments import text_of
from gateway.reads.parameters import WINDOWS, WeatherQuestion
from weather_tweets import countries

_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)

UNSETTLED = timedelta(minutes=3)
"""So long tweets are usually still being counted: the minute that has begun, and two before it."""


class Settled:
    """The sums of what lies some minutes back in each window, remembered until the present minute ends.

    Hardly anything is added there any more, and it is nearly all there is to read. What is nevertheless,
    by a worker that is behind or counts again, is seen a minute later at most.
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[datetime, Sum]] = {}

    async def sum(self, database: Database, window: str, before: datetime) -> Sum:
        """The window's sum before a minute. Not to be changed."""
        known = self._known.get(window)
        if known and known[0] == before:
            return known[1]
        length = WINDOWS[window]
        start = None if length is None else before + UNSETTLED - length
        found = Sum()
        async for counts in _between(database, start, before):
            found.add(counts, by_country=True)
        self._known[window] = before, found
        return found


async def answer(database: Database, settled: Settled, question: WeatherQuestion, now: datetime) -> bytes:
    """JSON; `now` is in UTC. Raises `pymongo.errors.PyMongoError`."""
    # The window's first minute is a whole one, the last has just begun.
    end = now.replace(second=0, microsecond=0) + _MINUTE
    total = Sum()
    total.add_sum(await settled.sum(database, question.window, end - UNSETTLED))
    async for counts in _last(database, question.window, end):
        total.add(counts, by_country=True)
    names = countries.by_code()
    leading = sorted(total.countries.items(), key=lambda each: (-each[1].tweets, each[0]))
    return msgspec.json.encode(
        {
            "at": text_of(now),
            "window": question.window,
            **total.document(),
            "countries": {
                code: {"country": names[code].name if code in names else code, **country.document()}
                for code, country in leading
            },
        }
    )


async def _between(database: Database, start: datetime | None, end: datetime) -> AsyncIterator[Countries]:
    """The counts of a time: of whole hours where there are, else of minutes; without a start, of hours."""
    last_hour = end.replace(minute=0)
    if start is None:
        async for _, counts in counted(database, "hour", None, last_hour):
            yield counts
        return
    first_hour = _next_hour(start)
    if first_hour >= last_hour:
        async for _, counts in counted(database, "minute", start, end):
            yield counts
        return
    async for _, counts in counted(database, "minute", start, first_hour):
        yield counts
    async for _, counts in counted(database, "hour", first_hour, last_hour):
        yield counts
    async for _, counts in counted(database, "minute", last_hour, end):
        yield counts


async def _last(database: Database, window: str, end: datetime) -> AsyncIterator[Countries]:
    """The counts of what `_between` leaves of a window."""
    start = end - UNSETTLED
    if WINDOWS[window] is None:
        found = counted(database, "hour", start.replace(minute=0), end)
    else:
        found = counted(database, "minute", start, end)
    async for _, counts in found:
        yield counts


def _next_hour(at: datetime) -> datetime:
    whole = at.replace(minute=0)
    return whole if whole == at else whole + _HOUR
