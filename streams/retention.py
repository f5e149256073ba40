"""Which tweets are kept no longer: by partition, the hours that are over and what had been counted of them.

A tweet is kept no longer when it was accepted before the hour `before`, and the history had counted it then:
up to the offset `upto` of its life of the topic. This document says so before the first of them is deleted,
and how many they are (`gone`). So what is kept plus what is gone is at every moment what was ever stored,
however far the deleting is, and who deletes the same again changes nothing.

With it goes the tally of that moment: who has to count a partition from its beginning begins there, since
MongoDB has no answers any more for what was before.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from pymongo import DeleteOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from streams.tally import NOTHING_YET, UNKNOWN_LIFE, Tally
from weather_tweets.countries import UNKNOWN

COLLECTION = "retention"
HOUR = timedelta(hours=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Document = dict[str, Any]


class Retired(NamedTuple):
    """What of one partition's tweets is kept no longer."""

    partition: int
    before: datetime
    """An hour, in UTC: only tweets that were accepted before it may be gone."""
    upto: Mapping[int, int]
    """By life of the topic, the last offset of which tweets may be gone."""
    gone: Mapping[int, Mapping[str, int]]
    """By life of the topic and country's code, how many tweets are."""
    tally: Tally
    """That had counted all of them, and no more than MongoDB had stored."""
    revision: int = 0

    @property
    def by_code(self) -> Counter[str]:
        """How many are gone, by country's code."""
        return self.in_other_lives(None)

    def in_other_lives(self, life: int | None) -> Counter[str]:
        """How many are gone that another life of the topic than this one gave, by country's code."""
        counts = Counter[str]()
        for of, by_code in self.gone.items():
            if of != life and not (life is not None and of == UNKNOWN_LIFE):
                counts.update(by_code)
        return counts

    def has(self, life: int, offset: int, accepted_at: object) -> bool:
        """Whether a tweet of this partition, if there still is one, is kept no longer."""
        return (
            isinstance(accepted_at, datetime)
            and accepted_at.replace(tzinfo=UTC) < self.before
            and offset <= self.upto.get(life, NOTHING_YET)
        )

    def query(self) -> Document:
        """By which MongoDB finds what `has` says."""
        return {"partition": self.partition, "accepted_at": {"$lt": self.before}, **_up_to(self.upto)}


class OvertakenError(RuntimeError):
    """Somebody else has moved on what is kept no longer."""


class RetentionStore:
    """Reads and writes the documents. Everything raises `pymongo.errors.PyMongoError`."""

    def __init__(self, retention: AsyncCollection[Document], tweets: AsyncCollection[Document]) -> None:
        self._retention = retention
        self._tweets = tweets

    @classmethod
    def beside(cls, tweets: AsyncCollection[Document]) -> "RetentionStore":
        """In the same database, with the same assurances, as the tweets."""
        return cls(tweets.database.get_collection(COLLECTION, write_concern=tweets.write_concern), tweets)

    async def of(self, partition: int) -> Retired | None:
        """What is kept no longer, None where that is nothing."""
        document = await self._retention.find_one({"_id": _id(partition)})
        return read(document) if document else None

    async def move(self, before: Retired | None, after: Retired) -> Retired:
        """Says what is kept no longer from now on; `before` is what was. Raises `OvertakenError`."""
        after = after._replace(revision=before.revision + 1 if before else 1)
        document = _document(after)
        if before is None:
            try:
                await self._retention.insert_one(document)
            except DuplicateKeyError:
                raise OvertakenError(f"partition {after.partition}") from None
            return after
        result = await self._retention.replace_one(
            {"_id": _id(after.partition), "revision": before.revision}, document
        )
        if not result.matched_count:
            raise OvertakenError(f"partition {after.partition}")
        return after

    async def count(
        self,
        partition: int,
        first: datetime | None,
        before: datetime,
        upto: Mapping[int, int],
        but: Retired | None,
    ) -> dict[int, Counter[str]]:
        """By life and country's code, how many of these tweets are kept, accepted from `first` on."""
        at = {"$lt": before} if first is None else {"$gte": first, "$lt": before}
        but_those = [but.query()] if but else []
        found = await self._tweets.aggregate(
            [
                *_stages(at, partition, upto),
                *({"$match": {"$nor": [query]}} for query in but_those),
                {"$group": {"_id": {"life": "$life", "code": "$code"}, "count": {"$sum": 1}}},
            ]
        )
        counts: dict[int, Counter[str]] = {}
        async for one in found:
            of = counts.setdefault(one["_id"].get("life") or UNKNOWN_LIFE, Counter())
            of[one["_id"].get("code") or UNKNOWN.code] += one["count"]
        return counts

    async def still_there(self, retired: Retired, at_once: int) -> AsyncIterator[list[Document]]:
        """What is kept no longer and not deleted yet, so many at once."""
        stages = _stages({"$lt": retired.before}, retired.partition, retired.upto)
        found = await self._tweets.aggregate(
            [*stages, {"$project": {"partition": 1, "offset": 1}}], batchSize=at_once
        )
        some: list[Document] = []
        async for document in found:
            some.append(document)
            if len(some) == at_once:
                yield some
                some = []
        if some:
            yield some

    async def delete(self, documents: Sequence[Document]) -> int:
        """Deletes exactly these; returns how many there still were."""
        # With the position: the id may have been given to another tweet meanwhile.
        result = await self._tweets.bulk_write([DeleteOne(document) for document in documents], ordered=False)
        return result.deleted_count


def read(document: Mapping[str, Any]) -> Retired:
    """From MongoDB's document."""
    return Retired(
        document["partition"],
        document["before"].replace(tzinfo=UTC),
        {int(life): offset for life, offset in document["upto"].items()},
        {int(life): dict(by_code) for life, by_code in document["gone"].items()},
        Tally.from_table(document["tally"]),
        document["revision"],
    )


def all_of(database: Database[Document]) -> dict[int, Retired]:
    """By partition, what is kept no longer. Raises `pymongo.errors.PyMongoError`."""
    return {document["partition"]: read(document) for document in database[COLLECTION].find()}


def hour_of(moment: datetime) -> datetime:
    """The beginning of the hour, in UTC, that a moment is in."""
    return moment.replace(minute=0, second=0, microsecond=0)


def added(
    gone: Mapping[int, Mapping[str, int]], more: Iterable[Mapping[int, Mapping[str, int]]]
) -> dict[int, dict[str, int]]:
    """Sums by life and country's code."""
    sums: dict[int, Counter[str]] = {}
    for counts in (gone, *more):
        for life, by_code in counts.items():
            sums.setdefault(life, Counter()).update(by_code)
    return {life: dict(by_code) for life, by_code in sums.items()}


def _document(retired: Retired) -> Document:
    return {
        "_id": _id(retired.partition),
        "partition": retired.partition,
        "before": retired.before,
        "upto": {str(life): offset for life, offset in retired.upto.items()},
        "gone": {str(life): dict(by_code) for life, by_code in retired.gone.items()},
        "tally": msgspec.json.decode(msgspec.json.encode(retired.tally.to_table())),
        "revision": retired.revision,
    }


def _id(partition: int) -> str:
    return str(partition)


def _up_to(upto: Mapping[int, int]) -> Document:
    return {
        "$or": [
            {"life": life if life != UNKNOWN_LIFE else {"$in": [life, None]}, "offset": {"$lte": offset}}
            for life, offset in upto.items()
        ]
    }


def _stages(at: Document, partition: int, upto: Mapping[int, int]) -> list[Document]:
    """Which finds tweets by the index of times, and by no other.

    That of partitions and offsets has all that is kept, too: MongoDB puts both stages together, and would
    take it if the partition were not an expression. The stand-in looks at the first stage alone.
    """
    of_partition = {"$expr": {"$in": ["$partition", [partition]]}}
    return [{"$match": {"accepted_at": at}}, {"$match": {**of_partition, **_up_to(upto)}}]
