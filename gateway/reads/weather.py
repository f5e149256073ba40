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


async def answer(database: Database, question: WeatherQuestion, now: datetime) -> bytes:
    """JSON; `now` is in UTC. Raises `pymongo.errors.PyMongoError`."""
    total = Sum()
    async for counts in _window(database, WINDOWS[question.window], now):
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


async def _window(database: Database, window: timedelta | None, now: datetime) -> AsyncIterator[Countries]:
    """The counts of the last minutes: of whole hours where there are, else of minutes.

    The first minute is a whole one, the last has just begun.
    """
    end = now.replace(second=0, microsecond=0) + _MINUTE
    if window is None:
        async for _, counts in counted(database, "hour", None, end):
            yield counts
        return
    start = end - window
    first_hour = _next_hour(start)
    last_hour = end.replace(minute=0)
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


def _next_hour(at: datetime) -> datetime:
    whole = at.replace(minute=0)
    return whole if whole == at else whole + _HOUR
