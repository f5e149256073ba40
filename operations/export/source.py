"""The stored tweets of a time, oldest first, in bounded pieces."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from bson.codec_options import CodecOptions
from pymongo import MongoClient
from pymongo.collection import Collection

from weather_tweets.settings import MongoSettings

# About so many tweets are in memory at once, here and (where a server sorts them there) in the server.
_WANTED = 5_000
_FIRST = timedelta(seconds=1)
_LEAST, _LONGEST = timedelta(milliseconds=1), timedelta(days=30)
_GROWTH = 4
_TIMEOUT_MS = 5_000
_SOCKET_MS = 120_000

Document = dict[str, Any]


class Selection(NamedTuple):
    """Which tweets: accepted from `start` to before `end`, in UTC."""

    start: datetime
    end: datetime
    code: str | None = None
    kind: str | None = None


class Piece(NamedTuple):
    """The tweets of one stretch of time; after it everything to before `end` has been read."""

    tweets: list[Document]
    end: datetime


def read(settings: MongoSettings, selection: Selection) -> Iterator[Piece]:
    """The tweets in the order in which they were accepted. Raises `pymongo.errors.PyMongoError`."""
    with MongoClient[Document](
        settings.url.get_secret_value(), serverSelectionTimeoutMS=_TIMEOUT_MS, socketTimeoutMS=_SOCKET_MS
    ) as client:
        options: CodecOptions[Document] = CodecOptions(tz_aware=True, tzinfo=UTC)
        database = client.get_database(settings.database, codec_options=options)
        yield from pieces(database[settings.collection], selection)


def pieces(collection: Collection[Document], selection: Selection) -> Iterator[Piece]:
    """As `read`. The stretches are short where there are many tweets, and long where there are few."""
    which: Document = {}
    if selection.code:
        which["code"] = selection.code
    if selection.kind:
        which["kinds"] = selection.kind
    start, width = selection.start, _FIRST
    while start < selection.end:
        end = min(start + width, selection.end)
        # One more than wanted says that the stretch is too long, without reading all of it.
        at = {"accepted_at": {"$gte": start, "$lt": end}}
        if width > _LEAST:
            found = list(collection.find({**which, **at}).limit(2 * _WANTED + 1))
            if len(found) > 2 * _WANTED:
                width = max(width / _GROWTH, _LEAST)
                continue
        else:
            # Of one millisecond there is no shorter stretch.
            found = list(collection.find({**which, **at}))
        found.sort(key=lambda each: (each["accepted_at"], each["_id"]))
        yield Piece(found, end)
        start = end
        if len(found) < _WANTED // _GROWTH:
            width = min(width * _GROWTH, _LONGEST)
