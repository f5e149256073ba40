"""The collection of the history: tweets by hour and by minute, country and kind, each partition by itself.

Every document carries its position: `upto`, how far it goes in each life of the topic (`tally.life_of`). What
it counts is exactly the stored tweets of its partition and time up to there, so it can be added to by anybody
who knows what follows, and by nobody else: it is read, added to, and written in the place of a document with
that very position. Every write moves the position on, so nobody's counts are written over.

A partition's *head* says up to where all documents of the partition go. It is written after them. Head and
documents bear the same `made`, which is another one when the history is made anew: what somebody still writes
to the one that was thrown away does not get into it.

Hours whose tweets are kept no longer (`retention`) cannot be counted anew: their documents stay as they are,
and what comes late is added to them like to any other.
"""

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from pymongo import UpdateOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import BulkWriteError, DuplicateKeyError

from streams.history import MINUTE_MILLISECONDS, Cell
from streams.retention import RetentionStore
from streams.tally import NOTHING_YET, UNKNOWN_LIFE
from streams.tweet_store import kinds_of
from weather_tweets.countries import UNKNOWN

COLLECTION = "history"
HOUR, MINUTE, HEAD = "hour", "minute", "head"
MINUTES_KEPT = timedelta(days=2)

_STEPS = {HOUR: 60, MINUTE: 1}
"""In minutes."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DUPLICATE_KEY = 11000
_WRITES_AT_ONCE = 500
# As in `tweet_store`: the stand-in's `$in` costs the square of its length.
_IDS_PER_QUERY = 50

Document = dict[str, Any]
Position = Mapping[int, int]
"""By life of the topic, the last offset."""


class Head(NamedTuple):
    """Up to where all documents of a partition go."""

    partition: int
    made: str
    upto: Position
    scan: int | None = None
    """While the tweets of all lives are looked through: up to which offset they were."""
    scan_life: int | None = None
    """The life of who looks. What it leaves to be counted as its own, another one would not find."""
    others: frozenset[int] = frozenset()
    """Lives that were counted as another's, as far as they were stored: perhaps not all of it was."""


class Told(NamedTuple):
    """What a stored tweet says to the history."""

    life: int
    offset: int
    cell: Cell


class Addition(NamedTuple):
    """What is to be added to one document."""

    head: Head
    step: str
    at: datetime
    counts: Mapping[tuple[str, tuple[str, ...]], int]
    """By country's code and kinds."""
    follows: Position
    """Up to where the document may go before."""
    upto: Position
    """Up to where it goes then."""

    @property
    def id(self) -> str:
        return document_id(self.head.partition, self.step, self.at)


class OvertakenError(RuntimeError):
    """Somebody else wrote what was to be written, or has begun the history anew."""


class HistoryStore:
    """Reads and writes the history. Everything raises `pymongo.errors.PyMongoError`."""

    def __init__(
        self,
        history: AsyncCollection[Document],
        tweets: AsyncCollection[Document],
        retention: RetentionStore | None = None,
    ) -> None:
        """Without `retention` all tweets are kept for ever."""
        self._history = history
        self._tweets = tweets
        self._retention = retention

    @classmethod
    def beside(cls, tweets: AsyncCollection[Document]) -> "HistoryStore":
        """In the same database, with the same assurances, as the tweets."""
        history = tweets.database.get_collection(COLLECTION, write_concern=tweets.write_concern)
        return cls(history, tweets, RetentionStore.beside(tweets))

    async def heads(self, partitions: Iterable[int]) -> dict[int, Head]:
        """The heads of those partitions that have a history."""
        ids = [_head_id(partition) for partition in partitions]
        return {d["partition"]: _head(d) async for d in self._history.find({"_id": {"$in": ids}})}

    async def begin(self, partition: int, life: int) -> Head:
        """Begins a partition's history anew, for one life: all its tweets are still to be looked through."""
        head = Head(partition, uuid.uuid4().hex, {}, scan=NOTHING_YET, scan_life=life)
        # First the head: who deletes old tweets (`purging`) does it only where there is one.
        await self._history.delete_one({"_id": _head_id(partition)})
        before = await self._kept_since(partition)
        if before is None:
            await self._history.delete_many({"partition": partition})
        else:
            await self._history.delete_many({"partition": partition, "at": {"$gte": before}})
            await self._history.update_many(
                {"partition": partition, "at": {"$lt": before}}, {"$set": {"made": head.made}}
            )
        try:
            await self._history.insert_one(
                {
                    "_id": _head_id(partition),
                    "partition": partition,
                    "step": HEAD,
                    "made": head.made,
                    "upto": {},
                    "scan": head.scan,
                    "scan_life": life,
                }
            )
        except DuplicateKeyError:
            if before is not None:
                # Somebody else begins it, too, and the hours that stay may bear either's `made`: once more.
                await self._history.delete_one({"_id": _head_id(partition)})
            raise
        return head

    async def _kept_since(self, partition: int) -> datetime | None:
        """The hour before which tweets are kept no longer, if there is one."""
        retired = await self._retention.of(partition) if self._retention else None
        return retired.before if retired else None

    async def add(self, additions: Sequence[Addition]) -> set[int]:
        """Adds; returns the partitions whose documents go further than they may, and are left so."""
        overtaken: set[int] = set()
        for i in range(0, len(additions), _WRITES_AT_ONCE):
            some = additions[i : i + _WRITES_AT_ONCE]
            documents = await self._documents([addition.id for addition in some])
            follow: list[Addition] = []
            for addition in some:
                if _may_follow(addition, documents.get(addition.id)):
                    follow.append(addition)
                else:
                    overtaken.add(addition.head.partition)
            if not follow:
                continue
            writes = [_write(addition, documents.get(addition.id)) for addition in follow]
            try:
                await self._history.bulk_write(writes, ordered=False)
            except BulkWriteError as error:
                failures = error.details["writeErrors"]
                if error.details["writeConcernErrors"] or any(f["code"] != _DUPLICATE_KEY for f in failures):
                    raise
                # The upsert found another document in its place than the one that was read.
                overtaken |= {follow[failure["index"]].head.partition for failure in failures}
        return overtaken

    async def _documents(self, ids: Sequence[str]) -> dict[str, Document]:
        """Those of these documents that there are, by id."""
        found: dict[str, Document] = {}
        for i in range(0, len(ids), _IDS_PER_QUERY):
            some = {"_id": {"$in": ids[i : i + _IDS_PER_QUERY]}}
            async for document in self._history.find(some, {"countries": 1, "upto": 1, "made": 1}):
                found[document["_id"]] = document
        return found

    async def move(self, heads: Sequence[tuple[Head, Position]]) -> None:
        """Moves heads on, after all their documents. Raises `OvertakenError` if one is not there any more."""
        changes = [(head, {"$max": _of_lives(upto)}) for head, upto in heads]
        await self._change(changes)

    async def scanned(self, head: Head, upto: Position, scan: int | None, *, life: int) -> Head:
        """Moves a head on, and notes how far one life has looked through the tweets; None when that is over.

        Raises `OvertakenError` if the head is not there any more.
        """
        others = upto.keys() - {life, UNKNOWN_LIFE}
        noted: Document = {f"others.{other}": True for other in others}
        if scan is not None:
            noted |= {"scan": scan, "scan_life": life}
        change: Document = {"$set": noted} if noted else {}
        change |= {"$max": _of_lives(upto)} if upto else {}
        change |= {"$unset": {"scan": "", "scan_life": ""}} if scan is None else {}
        await self._change([(head, change)])
        further = {other: max(end, head.upto.get(other, NOTHING_YET)) for other, end in upto.items()}
        return head._replace(
            upto={**head.upto, **further},
            scan=scan,
            scan_life=None if scan is None else life,
            others=head.others | others,
        )

    async def _change(self, changes: Sequence[tuple[Head, Document]]) -> None:
        if not changes:
            return
        result = await self._history.bulk_write(
            [
                UpdateOne({"_id": _head_id(head.partition), "made": head.made}, change)
                for head, change in changes
            ],
            ordered=False,
        )
        if result.matched_count < len(changes):
            raise OvertakenError("a history was begun anew")

    async def stored(self, partition: int, after: int, upto: int) -> list[Told]:
        """What the stored tweets of the offsets after `after` up to `upto` say, of whatever life."""
        found = self._tweets.find(
            {"partition": partition, "offset": {"$gt": after, "$lte": upto}},
            {"_id": 0, "offset": 1, "life": 1, "accepted_at": 1, "code": 1, "kinds": 1},
        )
        return [_told(document) async for document in found]

    async def any_stored(self, partition: int, after: int, upto: int | None) -> bool:
        """Whether there are tweets of the offsets after `after`, up to `upto` if that is given."""
        offsets = {"$gt": after} if upto is None else {"$gt": after, "$lte": upto}
        found = await self._tweets.find_one({"partition": partition, "offset": offsets}, {"_id": 1})
        return found is not None

    async def any_of_other_lives(self, partition: int, lives: Iterable[int]) -> bool:
        """Whether there are tweets of known lives of the topic that are none of these."""
        none_of = [*lives, UNKNOWN_LIFE, None]
        found = await self._tweets.find_one({"partition": partition, "life": {"$nin": none_of}}, {"_id": 1})
        return found is not None

    async def lacks(self, head: Head, *, all_before: int | None = None) -> bool:
        """Whether tweets are stored, up to where the head says that all are counted, that are not.

        With `all_before`, a life: of the known lives before it all tweets, wherever the head says they end.
        Only hours are looked at whose tweets are kept.
        """
        since = await self._kept_since(head.partition)
        kept: Document = {} if since is None else {"accepted_at": {"$gte": since}}
        stored: Counter[str] = Counter()
        of: list[Document] = [
            {
                "offset": {"$gte": 0, "$lt": end + 1},
                "life": {"$in": [life] if life != UNKNOWN_LIFE else [life, None]},
            }
            for life, end in head.upto.items()
            if all_before is None or life in (all_before, UNKNOWN_LIFE)
        ]
        if all_before is not None:
            of.append({"life": {"$nin": [all_before, UNKNOWN_LIFE, None]}})
        for which in of:
            found = await self._tweets.aggregate(
                [
                    {"$match": {"partition": head.partition, **which, **kept}},
                    {"$group": {"_id": "$code", "count": {"$sum": 1}}},
                ]
            )
            async for one in found:
                stored[one["_id"] or UNKNOWN.code] += one["count"]
        return bool(stored - await self.counted(head, since))

    async def counted(
        self, head: Head, first: datetime | None = None, before: datetime | None = None
    ) -> Counter[str]:
        """By country's code, how many tweets the hours have, from `first` on and before `before`."""
        # By the ids, which are a partition's own index.
        least = document_id(head.partition, HOUR, first) if first else f"{head.partition}/{HOUR}/"
        end = document_id(head.partition, HOUR, before) if before else f"{head.partition}/{HOUR}0"
        hours = {"_id": {"$gte": least, "$lt": end}}
        counted: Counter[str] = Counter()
        async for document in self._history.find({**hours, "made": head.made}, {"countries": 1}):
            counted.update({code: counts["tweets"] for code, counts in document["countries"].items()})
        return counted

    async def first_hour(self, partition: int, since: datetime | None, before: datetime) -> datetime | None:
        """The first hour from `since` on and before `before` that has tweets."""
        least = document_id(partition, HOUR, since) if since else f"{partition}/{HOUR}/"
        hours = {"_id": {"$gte": least, "$lt": document_id(partition, HOUR, before)}}
        async for document in self._history.find(hours, {"at": 1}).sort("_id", 1).limit(1):
            at: datetime = document["at"]
            return at.replace(tzinfo=UTC)
        return None

    async def additions(
        self, head: Head, told: Sequence[Told], upto: Position, now: datetime
    ) -> list[Addition]:
        """What has to be added to which documents so that they have what was told: all up to `upto`."""
        by_document: dict[tuple[str, datetime], list[Told]] = {}
        for one in told:
            for step, at in _documents(one.cell[0], now):
                by_document.setdefault((step, at), []).append(one)
        positions = await self._positions(head, by_document)
        additions = []
        for (step, at), ones in by_document.items():
            goes_to = positions.get(document_id(head.partition, step, at), {})
            counts = Counter(one.cell[1:] for one in ones if one.offset > goes_to.get(one.life, NOTHING_YET))
            further = {life: end for life, end in upto.items() if end > goes_to.get(life, NOTHING_YET)}
            if counts:
                follows = {life: goes_to.get(life, NOTHING_YET) for life in further}
                additions.append(Addition(head, step, at, counts, follows, further))
        return additions

    async def _positions(
        self, head: Head, documents: Iterable[tuple[str, datetime]]
    ) -> dict[str, dict[int, int]]:
        """How far documents go that there are, by id; throws those away that are of an earlier history."""
        ids = [document_id(head.partition, step, at) for step, at in documents]
        positions = {}
        for i in range(0, len(ids), _IDS_PER_QUERY):
            some = {"_id": {"$in": ids[i : i + _IDS_PER_QUERY]}}
            async for document in self._history.find(some, {"upto": 1, "made": 1}):
                if document["made"] == head.made:
                    positions[document["_id"]] = _position(document)
                else:
                    await self._history.delete_one({"_id": document["_id"], "made": document["made"]})
        return positions

    async def forget_minutes(self, now: datetime) -> None:
        """Deletes the minutes, of any partition, that are no longer kept."""
        await self._history.delete_many({"step": MINUTE, "at": {"$lt": now - MINUTES_KEPT}})


def additions_of(
    head: Head, cells: Mapping[Cell, int], life: int, *, start: int, last: int, now: datetime
) -> list[Addition]:
    """What a stretch of one life's offsets, after `start` up to `last`, adds to which documents."""
    by_minute: dict[int, Counter[tuple[str, tuple[str, ...]]]] = {}
    for (minute, code, kinds), count in cells.items():
        by_minute.setdefault(minute, Counter())[code, kinds] = count
    by_document: dict[tuple[str, datetime], Counter[tuple[str, tuple[str, ...]]]] = {}
    for minute, counts in by_minute.items():
        for document in _documents(minute, now):
            by_document.setdefault(document, Counter()).update(counts)
    return [
        Addition(head, step, at, counts, {life: start}, {life: last})
        for (step, at), counts in by_document.items()
    ]


def document_id(partition: int, step: str, at: datetime) -> str:
    return f"{partition}/{step}/{at:%Y-%m-%dT%H:%MZ}"


def _documents(minute: int, now: datetime) -> Iterable[tuple[str, datetime]]:
    """Step and time of the documents that a minute is in."""
    for step, minutes in _STEPS.items():
        at = _EPOCH + timedelta(minutes=minute - minute % minutes)
        if step == HOUR or at >= now - MINUTES_KEPT:
            yield step, at


def _head_id(partition: int) -> str:
    return f"{partition}/{HEAD}"


def _head(document: Document) -> Head:
    return Head(
        document["partition"],
        document["made"],
        _position(document),
        document.get("scan"),
        document.get("scan_life"),
        frozenset(map(int, document.get("others", ()))),
    )


def _position(document: Document) -> dict[int, int]:
    return {int(life): offset for life, offset in document["upto"].items()}


def _of_lives(position: Position) -> Document:
    return {f"upto.{life}": offset for life, offset in position.items()}


def _may_follow(addition: Addition, document: Document | None) -> bool:
    """Whether the document is of the same history, and goes no further than the addition begins."""
    if document is None:
        return True
    goes_to = _position(document)
    return document["made"] == addition.head.made and all(
        goes_to.get(life, NOTHING_YET) <= offset for life, offset in addition.follows.items()
    )


def _write(addition: Addition, document: Document | None) -> UpdateOne:
    """The document with the addition, in the place of the one that was read: of exactly that position.

    All counts are one value: a path for each would cost the stand-in the square of their number.
    """
    countries: Document = document.get("countries", {}) if document else {}
    for (code, kinds), count in addition.counts.items():
        country = countries.setdefault(code, {"tweets": 0})
        country["tweets"] = country.get("tweets", 0) + count
        for kind in kinds:
            of_kinds = country.setdefault("kinds", {})
            of_kinds[kind] = of_kinds.get(kind, 0) + count
    before = document["upto"] if document else {}
    return UpdateOne(
        {"_id": addition.id, "made": addition.head.made, "upto": before},
        {
            "$set": {
                "partition": addition.head.partition,
                "step": addition.step,
                "at": addition.at,
                "countries": countries,
                "upto": before | {str(life): offset for life, offset in addition.upto.items()},
            },
        },
        upsert=True,
    )


def _told(document: Document) -> Told:
    # Somebody else may have stored it without a time. The tally counts it: so do we, in the first hour ever.
    accepted_at = document.get("accepted_at")
    at = accepted_at.replace(tzinfo=UTC) if isinstance(accepted_at, datetime) else _EPOCH
    minute = (at - _EPOCH) // timedelta(milliseconds=MINUTE_MILLISECONDS)
    life = document.get("life") or UNKNOWN_LIFE
    return Told(life, document["offset"], (minute, document.get("code") or UNKNOWN.code, kinds_of(document)))
