"""What MongoDB keeps against its history, hour by hour.

Tweets may come meanwhile. What the history had before the documents were read must be among these, and those
that the tables had counted by then must be in the history after it.
"""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import MongoClient

from operations.deep_audit.documents import Document
from streams.history_store import COLLECTION, HOUR
from streams.retention import EPOCH, Retired, hour_of
from weather_tweets.settings import MongoSettings

_WAIT = timedelta(seconds=15)
"""What is counted is in the history within two seconds."""
_POLL_SECONDS = 0.5
_SHOWN = 5

Counts = Counter[tuple[int, datetime]]
"""By partition and hour."""


class Hours:
    """Counts documents on their way to somebody else."""

    def __init__(self, ends: Mapping[int, int], life: int, before: Counts) -> None:
        """`ends` are up to where partitions were counted, `before` is what the history had by then."""
        self._ends = ends
        self._life = life
        self._before = before
        self._all = Counts()
        self._counted = Counts()

    def seen(self, documents: Iterable[Document]) -> Iterator[Document]:
        """The same documents."""
        for document in documents:
            at = document.accepted_at
            # As in the history: what has no time is of the first hour.
            key = document.partition, hour_of(at.replace(tzinfo=UTC)) if at else EPOCH
            self._all[key] += 1
            end = self._ends.get(document.partition, 0)
            if document.offset < end or document.life not in (self._life, 0):
                self._counted[key] += 1
            yield document

    def differences(self, settings: MongoSettings, retired: Mapping[int, Retired]) -> list[str]:
        """A sentence for each of some hours that are kept and differ. Raises `PyMongoError`."""

        def kept(counts: Counts) -> Counts:
            return Counts(
                {(p, at): n for (p, at), n in counts.items() if p not in retired or at >= retired[p].before}
            )

        deadline = time.monotonic() + _WAIT.total_seconds()
        while (lacks := kept(self._counted - hours_of(settings))) and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        has_more = kept(self._before - self._all)
        found = [
            f"the history of partition {p} has {count:,} {word} than MongoDB in the hour of {at:%Y-%m-%dT%H}Z"
            for word, counts in (("fewer", lacks), ("more", has_more))
            for (p, at), count in sorted(counts.items())
        ]
        if len(found) > _SHOWN:
            found[_SHOWN:] = [f"the history: and so on for {len(found) - _SHOWN} more hours"]
        return found


def hours_of(settings: MongoSettings) -> Counts:
    """How many tweets the history has. Raises `PyMongoError`."""
    counts = Counts()
    with MongoClient[dict[str, Any]](
        settings.url.get_secret_value(), serverSelectionTimeoutMS=5_000, socketTimeoutMS=60_000
    ) as client:
        pipeline: list[dict[str, Any]] = [
            {"$match": {"step": HOUR}},
            {"$project": {"partition": 1, "at": 1, "country": {"$objectToArray": "$countries"}}},
            {"$unwind": "$country"},
            {
                "$group": {
                    "_id": {"partition": "$partition", "at": "$at"},
                    "tweets": {"$sum": "$country.v.tweets"},
                }
            },
        ]
        for hour in client[settings.database][COLLECTION].aggregate(pipeline):
            key = hour["_id"]["partition"], hour["_id"]["at"].replace(tzinfo=UTC)
            counts[key] += hour["tweets"]
    return counts
