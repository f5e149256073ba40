"""What `GET /weather` remembers of a window, against a database that counts what is read of it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import msgspec
import pytest

from gateway.reads.database import Database
from gateway.reads.parameters import WINDOWS, WeatherQuestion
from gateway.reads.weather import UNSETTLED, Settled, answer

MINUTE = timedelta(minutes=1)
BEGAN = datetime(2026, 3, 1, 7, 40, tzinfo=UTC)
# Around a full hour, when what was a minute's becomes an hour's.
TIMES = [datetime(2026, 3, 4, 9, 57, 30, tzinfo=UTC) + number * timedelta(seconds=20) for number in range(30)]


class History:
    """Every minute of three days with its hours, as the collection of that name has them."""

    def __init__(self) -> None:
        self.counts: dict[tuple[str, datetime], dict[str, Any]] = {}
        self.read = 0
        at = BEGAN
        while at < TIMES[-1] + MINUTE:
            self.count(at, "GT", at.minute % 7 + 1, "rain")
            self.count(at, "ES" if at.hour % 2 else "FR", 1, "sun")
            at += MINUTE

    def count(self, at: datetime, code: str, tweets: int, kind: str) -> None:
        for step, begins in (("minute", at), ("hour", at.replace(minute=0))):
            country = self.counts.setdefault((step, begins), {}).setdefault(code, {"tweets": 0, "kinds": {}})
            country["tweets"] += tweets
            country["kinds"][kind] = country["kinds"].get(kind, 0) + tweets

    @property
    def history(self) -> "History":
        return self

    time_limit_ms = 1000

    def find(self, which: dict[str, Any], *_: object, **__: object) -> "Found":
        first, before = which["at"].get("$gte", BEGAN.replace(minute=0)), which["at"]["$lt"]
        found = [
            {"at": at, "countries": countries}
            for (step, at), countries in self.counts.items()
            if step == which["step"] and first <= at < before
        ]
        self.read += len(found)
        return Found(found)


class Found:
    """A cursor."""

    def __init__(self, documents: list[dict[str, Any]]) -> None:
        self._documents = documents

    async def __aenter__(self) -> None: ...

    async def __aexit__(self, *_: object) -> None: ...

    async def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        for document in self._documents:
            yield document


async def told(history: History, settled: Settled, window: str, now: datetime) -> Any:
    question = WeatherQuestion(cast(Any, window))
    return msgspec.json.decode(await answer(cast(Database, history), settled, question, now))


@pytest.mark.parametrize("window", WINDOWS)
async def test_the_answer_is_the_same_as_without_a_memory_while_tweets_come(window: str) -> None:
    history, settled = History(), Settled()
    for now in TIMES:
        history.count(now.replace(second=0), "GT", 5, "storm")
        assert await told(history, settled, window, now) == await told(history, Settled(), window, now)


@pytest.mark.parametrize("window", ["15m", "1h"])
async def test_a_window_is_the_sum_of_its_minutes(window: str) -> None:
    history, now = History(), TIMES[0]
    end = now.replace(second=0) + MINUTE
    length = WINDOWS[window]
    assert length
    minutes = [end - number * MINUTE for number in range(1, length // MINUTE + 1)]
    assert (await told(history, Settled(), window, now))["tweets"] == sum(at.minute % 7 + 2 for at in minutes)


@pytest.mark.parametrize("window", WINDOWS)
async def test_within_a_minute_only_the_last_minutes_are_read_again(window: str) -> None:
    history, settled = History(), Settled()
    await told(history, settled, window, TIMES[0])
    history.read = 0
    await told(history, settled, window, TIMES[0] + timedelta(seconds=20))
    assert history.read <= UNSETTLED // MINUTE


@pytest.mark.parametrize("window", WINDOWS)
async def test_what_comes_late_is_told_from_the_next_minute_on(window: str) -> None:
    history, settled, now = History(), Settled(), TIMES[0]
    before = await told(history, settled, window, now)
    history.count(now.replace(second=0) - 10 * MINUTE, "GT", 1000, "fog")
    await told(history, settled, window, now)
    after = await told(history, settled, window, now + MINUTE)
    assert after["kinds"].get("fog", 0) == before["kinds"].get("fog", 0) + 1000
