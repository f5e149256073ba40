"""MongoDB: every tweet once, and the verdict which of two records with the same id was first.

The unique `_id` decides, and what is stored is the truth: a record counts as a message if the stored
document bears its position (the partition, the offset, and the life of the topic that gave them), else as a
repeat. That holds for ids that come twice in a batch, in
two partitions at once, and for batches that are delivered again after a crash: however often it is asked,
each record gets the same answer, and of all records with one id exactly one is the message.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import AsyncMongoClient, WriteConcern
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import BulkWriteError, PyMongoError

from streams.decoding import Batch
from streams.group_commit import GroupCommit
from streams.tally import UNKNOWN_LIFE
from weather_tweets.kinds import Recogniser, recogniser
from weather_tweets.settings import MongoSettings

_DUPLICATE_KEY = 11000
# Beyond that an insert is no cheaper per tweet; it only takes longer, and memory.
_TWEETS_PER_INSERT = 2000
# SecantusDB's `$in` costs the square of its length (50 ids: 0.3 ms each, 1,000: 1.8 ms); MongoDB's does not.
_IDS_PER_QUERY = 50
_QUERIES_AT_ONCE = 4
_EPOCH = datetime(1970, 1, 1)
_MILLISECOND = timedelta(milliseconds=1)

Document = dict[str, Any]

_Position = tuple[int, int, int]
"""Partition, offset, and life of the topic."""


class TweetStore:
    """The collection of tweets."""

    def __init__(self, client: AsyncMongoClient[Document], collection: AsyncCollection[Document]) -> None:
        self._client = client
        self._collection = collection
        # Made now: later it would keep the first batch waiting.
        self._recogniser = recogniser()
        self._commit = GroupCommit(self._store, size=lambda batch: len(batch.tweets), most=_TWEETS_PER_INSERT)

    @classmethod
    def connect(cls, settings: MongoSettings) -> "TweetStore":
        """Opens a client; it connects with its first use."""
        client: AsyncMongoClient[Document] = AsyncMongoClient(
            settings.url.get_secret_value(),
            appname="weather-streams",
            # We try again ourselves, and want to hear soon that the server is away.
            serverSelectionTimeoutMS=3_000,
            connectTimeoutMS=3_000,
            socketTimeoutMS=20_000,
            maxPoolSize=4,
        )
        # Majority: what is counted must survive the loss of the primary.
        collection = client[settings.database].get_collection(
            settings.collection, write_concern=WriteConcern(w="majority")
        )
        return cls(client, collection)

    async def store(self, batch: Batch) -> frozenset[int]:
        """Stores the tweets of a batch; returns the offsets of those that are repeats.

        May be called again with the same records and then gives the same answer. Raises
        `pymongo.errors.PyMongoError`; some of the batch may be stored then.
        """
        return await self._commit(batch)

    async def stored_between(self, partition: int, first: int, before: int, life: int) -> Mapping[str, int]:
        """By country's code, how many tweets there are of a partition's offsets from `first` on.

        Of those that the topic's `life` gave, where lives are known. For offsets whose records are gone: no
        index helps with it. Raises `pymongo.errors.PyMongoError`.
        """
        at: dict[str, Any] = {"partition": partition, "offset": {"$gte": first, "$lt": before}}
        if life != UNKNOWN_LIFE:
            at["life"] = {"$in": [life, UNKNOWN_LIFE, None]}
        return await self._by_code(at)

    async def stored_in_other_lives(self, partition: int, life: int) -> Mapping[str, int]:
        """By country's code, how many tweets there are of a partition that another life of the topic gave.

        Raises `pymongo.errors.PyMongoError`.
        """
        return await self._by_code({"partition": partition, "life": {"$nin": [life, UNKNOWN_LIFE, None]}})

    async def _by_code(self, which: Mapping[str, Any]) -> Mapping[str, int]:
        counts = await self._collection.aggregate(
            [{"$match": which}, {"$group": {"_id": "$code", "count": {"$sum": 1}}}]
        )
        return {count["_id"]: count["count"] async for count in counts}

    async def close(self) -> None:
        await self._client.close()

    async def _store(self, batches: Sequence[Batch]) -> Sequence[frozenset[int]]:
        documents: dict[str, Document] = {}
        for batch in batches:
            for document in _documents(batch, self._recogniser):
                documents.setdefault(document["_id"], document)
        taken = await self._insert(list(documents.values()))
        if not taken and len(documents) == sum(len(batch.tweets) for batch in batches):
            return [frozenset()] * len(batches)
        winners = {id_: _position(document) for id_, document in documents.items()}
        winners |= await self._positions(taken)
        return [
            frozenset(
                offset
                for tweet, offset in zip(batch.tweets, batch.offsets, strict=True)
                if not _same(winners[tweet.id], (batch.partition, offset, batch.life))
            )
            for batch in batches
        ]

    async def _insert(self, documents: list[Document]) -> list[str]:
        """Inserts what is new; returns the ids that were there already."""
        if not documents:
            return []
        try:
            await self._collection.insert_many(documents, ordered=False)
        except BulkWriteError as error:
            failures = error.details["writeErrors"]
            if error.details["writeConcernErrors"] or any(
                failure["code"] != _DUPLICATE_KEY for failure in failures
            ):
                raise
            return [documents[failure["index"]]["_id"] for failure in failures]
        return []

    async def _positions(self, ids: list[str]) -> dict[str, _Position]:
        """Positions of the stored documents with these ids, all of which there are."""
        positions: dict[str, _Position] = {}
        queries = iter([ids[i : i + _IDS_PER_QUERY] for i in range(0, len(ids), _IDS_PER_QUERY)])

        async def ask() -> None:
            for some in queries:
                found = self._collection.find(
                    {"_id": {"$in": some}}, {"partition": 1, "offset": 1, "life": 1}
                )
                async for document in found:
                    positions[document["_id"]] = _position(document)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(_QUERIES_AT_ONCE):
                    group.create_task(ask())
        except* PyMongoError as errors:
            # Who tries again looks for the error, not for a group of them.
            raise errors.exceptions[0] from None
        missing = [id_ for id_ in ids if id_ not in positions]
        if missing:
            raise DocumentVanishedError(f"{len(missing)} documents were deleted while they were looked at")
        return positions


class DocumentVanishedError(RuntimeError):
    """A document that was in the way of an insert was gone when it was read. Trying again helps."""


def _position(document: Document) -> _Position:
    return document.get("partition", -1), document.get("offset", -1), document.get("life", UNKNOWN_LIFE)


def _same(one: _Position, other: _Position) -> bool:
    # Where a life is not known (an older version did not take note of it), it is taken for the same.
    return one[:2] == other[:2] and (one[2] == other[2] or UNKNOWN_LIFE in (one[2], other[2]))


def _documents(batch: Batch, recogniser: Recogniser) -> Iterable[Document]:
    partition, life = batch.partition, batch.life
    # Without a time zone BSON takes them for UTC, at half the cost.
    now = datetime.now(UTC).replace(tzinfo=None)
    for tweet, offset in zip(batch.tweets, batch.offsets, strict=True):
        yield {
            "_id": tweet.id,
            "text": tweet.text,
            "country": tweet.country,
            "code": tweet.code,
            "accepted_at": _EPOCH + tweet.at * _MILLISECOND,
            "stored_at": now,
            "partition": partition,
            "offset": offset,
            "life": life,
            "kinds": recogniser.kinds(tweet.text),
            "lexicon": recogniser.version,
        }
