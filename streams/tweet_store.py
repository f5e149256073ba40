"""MongoDB: every tweet once, and the verdict which of two records with the same id was first.

The unique `_id` decides, and what is stored is the truth: a record counts as a message if the stored
document bears its position (the partition, the offset, and the life of the topic that gave them), else as a
repeat. That holds for ids that come twice in a batch, in
two partitions at once, and for batches that are delivered again after a crash: however often it is asked,
each record gets the same answer, and of all records with one id exactly one is the message.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from pymongo import AsyncMongoClient, WriteConcern
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import BulkWriteError, PyMongoError

from streams.decoding import Batch
from streams.group_commit import GroupCommit
from streams.retention import RetentionStore
from streams.tally import UNKNOWN_LIFE, Tally
from weather_tweets.countries import UNKNOWN
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


class Stored(NamedTuple):
    """What became of a batch: which of its records are repeats, and what the others' documents say."""

    repeats: frozenset[int]
    """Offsets."""
    kinds: Sequence[tuple[str, ...]]
    """Kinds of weather by tweet, as they are stored; of no meaning where it is a repeat."""
    elsewhere: bool = False
    """Whether some messages are stored as of an unknown life of the topic, by an older version."""


class TweetStore:
    """The collection of tweets."""

    def __init__(
        self,
        client: AsyncMongoClient[Document],
        collection: AsyncCollection[Document],
        retention: RetentionStore | None = None,
    ) -> None:
        """Without `retention` all tweets are kept for ever."""
        self._client = client
        self.collection = collection
        self._retention = retention
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
        return cls(client, collection, RetentionStore.beside(collection))

    async def store(self, batch: Batch) -> Stored:
        """Stores the tweets of a batch; says which are repeats, and the kinds of weather of the others.

        May be called again with the same records and then gives the same answer. Raises
        `pymongo.errors.PyMongoError`; some of the batch may be stored then.
        """
        return await self._commit(batch)

    async def stored_between(self, partition: int, first: int, before: int, life: int) -> Mapping[str, int]:
        """By country's code, how many tweets there are of a partition's offsets from `first` on.

        Of those that the topic's `life` gave, where lives are known. For offsets whose records are gone.
        Raises `pymongo.errors.PyMongoError`.
        """
        at: dict[str, Any] = {"partition": partition, "offset": {"$gte": first, "$lt": before}}
        if life != UNKNOWN_LIFE:
            at["life"] = {"$in": [life, UNKNOWN_LIFE, None]}
        return await self._by_code(at)

    async def stored_in_other_lives(self, partition: int, life: int) -> Mapping[str, int]:
        """By country's code, how many tweets of a partition another life of the topic gave.

        With those that are kept no longer. Raises `pymongo.errors.PyMongoError`.
        """
        which: dict[str, Any] = {"partition": partition, "life": {"$nin": [life, UNKNOWN_LIFE, None]}}
        retired = await self._retention.of(partition) if self._retention else None
        if not retired:
            return await self._by_code(which)
        kept = await self._by_code({**which, "$nor": [retired.query()]})
        return Counter(kept) + retired.in_other_lives(life)

    async def checkpoint(self, partition: int) -> Tally | None:
        """The tally to begin with where it is lost, and tweets that it had counted are kept no longer.

        Raises `pymongo.errors.PyMongoError`.
        """
        retired = await self._retention.of(partition) if self._retention else None
        return retired.tally if retired else None

    async def _by_code(self, which: Mapping[str, Any]) -> Mapping[str, int]:
        counts = await self.collection.aggregate(
            [{"$match": which}, {"$group": {"_id": "$code", "count": {"$sum": 1}}}]
        )
        by_code: Counter[str] = Counter()
        async for count in counts:
            # Somebody else may have stored one without a code.
            by_code[count["_id"] or UNKNOWN.code] += count["count"]
        return by_code

    async def close(self) -> None:
        await self._client.close()

    async def _store(self, batches: Sequence[Batch]) -> Sequence[Stored]:
        documents: dict[str, Document] = {}
        kinds: list[list[tuple[str, ...]]] = []
        for batch in batches:
            of_batch = list(_documents(batch, self._recogniser))
            kinds.append([document["kinds"] for document in of_batch])
            for document in of_batch:
                documents.setdefault(document["_id"], document)
        taken = await self._insert(list(documents.values()))
        if not taken and len(documents) == sum(len(batch.tweets) for batch in batches):
            return [Stored(frozenset(), of_batch) for of_batch in kinds]
        return [
            _verdict(batch, documents | stored) for stored in [await self._stored(taken)] for batch in batches
        ]

    async def _insert(self, documents: list[Document]) -> list[str]:
        """Inserts what is new; returns the ids that were there already."""
        if not documents:
            return []
        try:
            await self.collection.insert_many(documents, ordered=False)
        except BulkWriteError as error:
            failures = error.details["writeErrors"]
            if error.details["writeConcernErrors"] or any(
                failure["code"] != _DUPLICATE_KEY for failure in failures
            ):
                raise
            return [documents[failure["index"]]["_id"] for failure in failures]
        return []

    async def _stored(self, ids: list[str]) -> dict[str, Document]:
        """The stored documents with these ids, all of which there are: their positions and kinds."""
        stored: dict[str, Document] = {}
        queries = iter([ids[i : i + _IDS_PER_QUERY] for i in range(0, len(ids), _IDS_PER_QUERY)])

        async def ask() -> None:
            for some in queries:
                found = self.collection.find(
                    {"_id": {"$in": some}}, {"partition": 1, "offset": 1, "life": 1, "kinds": 1}
                )
                async for document in found:
                    stored[document["_id"]] = document

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(_QUERIES_AT_ONCE):
                    group.create_task(ask())
        except* PyMongoError as errors:
            # Who tries again looks for the error, not for a group of them.
            raise errors.exceptions[0] from None
        missing = [id_ for id_ in ids if id_ not in stored]
        if missing:
            raise DocumentVanishedError(f"{len(missing)} documents were deleted while they were looked at")
        return stored


class DocumentVanishedError(RuntimeError):
    """A document that was in the way of an insert was gone when it was read. Trying again helps."""


def _verdict(batch: Batch, documents: Mapping[str, Document]) -> Stored:
    """What the stored documents say of a batch, all of whose ids they have."""
    repeats, kinds, elsewhere = [], [], False
    for tweet, offset in zip(batch.tweets, batch.offsets, strict=True):
        document = documents[tweet.id]
        position = _position(document)
        kinds.append(kinds_of(document))
        if not _same(position, (batch.partition, offset, batch.life)):
            repeats.append(offset)
        elif position[2] != batch.life:
            elsewhere = True
    return Stored(frozenset(repeats), kinds, elsewhere)


def kinds_of(document: Document) -> tuple[str, ...]:
    """The kinds of weather of a stored tweet; none where an older version did not look for them."""
    return tuple(document.get("kinds") or ())


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
