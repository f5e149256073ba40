"""What `history` has counted, read in small pieces: other clients' tweets go before."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any, Literal

from gateway.reads.database import Database

_DOCUMENTS_AT_ONCE = 100
_DOCUMENTS_BEFORE_OTHERS = 8
"""Each takes up to a tenth of a millisecond or two, with all countries in it."""

Countries = Mapping[str, Mapping[str, Any]]
"""By code: `{"tweets": n, "kinds": {kind: n}}`."""


class Sum:
    """Tweets, by kind, and of each country."""

    def __init__(self) -> None:
        self.tweets = 0
        self.kinds: dict[str, int] = {}
        self.countries: dict[str, Sum] = {}

    def add(self, countries: Countries, *, by_country: bool) -> None:
        for code, counted in countries.items():
            self._add(counted)
            if by_country:
                country = self.countries.get(code)
                if country is None:
                    country = self.countries[code] = Sum()
                country._add(counted)

    def add_sum(self, other: "Sum") -> None:
        """Adds all of another sum, which stays as it is."""
        self._add({"tweets": other.tweets, "kinds": other.kinds})
        for code, counted in other.countries.items():
            self.countries.setdefault(code, Sum()).add_sum(counted)

    def document(self, kind: str | None = None) -> dict[str, Any]:
        """The answer's `tweets` and `kinds`, leading first; of one kind only, where that is asked for."""
        if kind is not None:
            number = self.kinds.get(kind, 0)
            return {"tweets": number, "kinds": {kind: number} if number else {}}
        kinds = dict(sorted(self.kinds.items(), key=lambda each: (-each[1], each[0])))
        return {"tweets": self.tweets, "kinds": kinds}

    def _add(self, counted: Mapping[str, Any]) -> None:
        self.tweets += counted.get("tweets", 0)
        kinds = self.kinds
        for kind, number in counted.get("kinds", {}).items():
            kinds[kind] = kinds.get(kind, 0) + number


async def counted(
    database: Database,
    step: Literal["minute", "hour"],
    start: datetime | None,
    end: datetime,
    code: str | None = None,
) -> AsyncIterator[tuple[datetime, Countries]]:
    """What was counted from `start` (None: ever) to before `end`: several of each step, in no order."""
    at = {"$lt": end} if start is None else {"$gte": start, "$lt": end}
    found = database.history.find(
        {"step": step, "at": at},
        {"_id": 0, "at": 1, "countries" if code is None else f"countries.{code}": 1},
        batch_size=_DOCUMENTS_AT_ONCE,
        max_time_ms=database.time_limit_ms,
    )
    number = 0
    async with found:
        async for document in found:
            yield document["at"], document.get("countries", {})
            number += 1
            if not number % _DOCUMENTS_BEFORE_OTHERS:
                await asyncio.sleep(0)
