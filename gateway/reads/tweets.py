"""`GET /tweets`: tweets newest first, a page at a time."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec

from gateway.reads import cursor
from gateway.reads.cursor import Position
from gateway.reads.database import Database, Document
from gateway.reads.moments import text_of
from gateway.reads.parameters import TweetsQuestion
from gateway.reads.stretches import Of, back_from

_FIELDS = {"text": 1, "country": 1, "code": 1, "accepted_at": 1, "kinds": 1}
_NEWEST_FIRST = [("accepted_at", -1), ("_id", -1)]
# A page is answered with what was found until then; who wants more goes on from there.
_SEARCH_SECONDS = 0.5
# Of a search, that many tweets are looked through at once, and less often than once for each page.
_SEARCHED_AT_ONCE = 2000
# Clocks of gateways differ a little.
_AHEAD = timedelta(minutes=5)


async def answer(
    database: Database,
    question: TweetsQuestion,
    now: datetime,
    clock: Callable[[], float] = time.monotonic,
) -> bytes:
    """JSON; `now` is in UTC. Raises `pymongo.errors.PyMongoError`."""
    found, position = await _page(database, question, now, clock)
    return msgspec.json.encode(
        {
            "tweets": [_shown(document) for document in found],
            "next": cursor.write(position) if position else None,
        }
    )


async def _page(
    database: Database, question: TweetsQuestion, now: datetime, clock: Callable[[], float]
) -> tuple[list[Document], Position | None]:
    """The tweets, and from where to go on; None where there are no more."""
    position = question.before or Position(now + _AHEAD, "")
    found: list[Document] = []
    if position.id:
        found += await _of_the_same_time(database, question, position)
    patience = clock() + _SEARCH_SECONDS
    wanted = _SEARCHED_AT_ONCE if question.words else question.limit + 1
    of = Of(question.code, question.kind)
    async for start in back_from(database, of, position.at, now, wanted):
        while len(found) <= question.limit:
            more = question.limit + 1 - len(found)
            some = await _stretch(database, question, start, position, more)
            found += [each for each in some if not question.words or question.words.match(each["text"])]
            if len(some) < more:
                break
            position = Position(some[-1]["accepted_at"], some[-1]["_id"])
        if len(found) > question.limit:
            last = found[question.limit - 1]
            return found[: question.limit], Position(last["accepted_at"], last["_id"])
        if start is None:
            break
        position = Position(start, "")
        if clock() > patience:
            return found, position
    return found, None


async def _of_the_same_time(
    database: Database, question: TweetsQuestion, position: Position
) -> list[Document]:
    which = {**_which(question), "accepted_at": position.at, "_id": {"$lt": position.id}}
    some = await _find(database, which, question.limit + 1)
    return [each for each in some if not question.words or question.words.match(each["text"])]


async def _stretch(
    database: Database, question: TweetsQuestion, start: datetime | None, end: Position, limit: int
) -> list[Document]:
    at: dict[str, datetime] = {"$lt": end.at} if start is None else {"$gte": start, "$lt": end.at}
    return await _find(database, {**_which(question), "accepted_at": at}, limit)


async def _find(database: Database, which: Document, limit: int) -> list[Document]:
    found = database.tweets.find(which, _FIELDS, max_time_ms=database.time_limit_ms)
    return await found.sort(_NEWEST_FIRST).limit(limit).batch_size(limit).to_list()


def _which(question: TweetsQuestion) -> Document:
    which: Document = {}
    if question.code:
        which["code"] = question.code
    if question.kind:
        which["kinds"] = question.kind
    if question.words:
        which["text"] = {"$regex": question.words.pattern()}
    return which


def _shown(document: Document) -> dict[str, Any]:
    return {
        "id": document["_id"],
        "text": document["text"],
        "country": document["country"],
        "code": document["code"],
        "at": text_of(document["accepted_at"]),
        "kinds": document.get("kinds", []),
    }
