"""MongoDB's documents against the recount: which record each of them is, and which records have none."""

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import compress
from types import MappingProxyType
from typing import Any, NamedTuple

from pymongo import MongoClient

from operations.deep_audit.recount import (
    DEAD,
    DERIVED_ID,
    EMPTY,
    FIRST_COUNTRY,
    RETIRED,
    PartitionRecount,
    codes,
    key_of,
)
from streams.retention import Retired
from weather_tweets.settings import MongoSettings

EXAMPLES = 10
_DOCUMENTS_AT_ONCE = 10_000
_SOCKET_MS = 120_000


class Document(NamedTuple):
    id: str
    partition: int
    offset: int
    code: str
    life: int
    """A number that tells the topic's lives apart, 0 if it is not known."""
    accepted_at: datetime | None = None


class Strangers:
    """Documents that are not the record at their offset: of an earlier life of the topic, or nobody's."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[int, str]] = Counter()
        """By partition and country's code."""
        self.examples: list[Document] = []

    def add(self, document: Document) -> None:
        self.counts[document.partition, document.code] += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(document)


class Matched:
    """What became of the records of one partition."""

    def __init__(self, recount: PartitionRecount, retired: Retired | None = None) -> None:
        self.recount = recount
        size = recount.end - recount.beginning
        self.stored = bytearray(size)
        """1 where the record is a document."""
        self.missing: list[int] = []
        """Offsets of tweets of which there is no document."""
        self.uncounted = bytearray(size)
        """1 where the record is the first of a tweet of which there is no document."""
        self.retired = retired.by_code if retired else Counter[str]()
        """Tweets that are kept no longer, by code."""
        self.gone = Counter(self.retired)
        """The same, and documents whose records the topic no longer has."""

    def messages(self, before: int | None = None) -> Counter[str]:
        """Tweets by code, up to an offset: those stored, and those that should be."""
        size = len(self.stored) if before is None else max(before - self.recount.beginning, 0)
        return self._by_code(self.stored[:size]) + self._by_code(self.uncounted[:size]) + self.gone

    def stored_messages(self) -> Counter[str]:
        """Tweets by code whose records are documents."""
        return self._by_code(self.stored)

    def _by_code(self, flags: bytearray) -> Counter[str]:
        numbers = Counter(compress(self.recount.kinds, flags))
        all_codes = codes()
        return Counter({all_codes[number - FIRST_COUNTRY]: count for number, count in numbers.items()})

    def code_at(self, offset: int) -> str:
        """The country's code of the tweet at an offset."""
        return codes()[self.recount.kinds[offset - self.recount.beginning] - FIRST_COUNTRY]

    @property
    def dead(self) -> int:
        return self.recount.kinds.count(DEAD)

    @property
    def empty(self) -> int:
        return self.recount.kinds.count(EMPTY)

    @property
    def repeats(self) -> int:
        # Of the old ones the topic may have as many more as were repeats, or fewer than there were.
        old = self.recount.kinds.count(RETIRED)
        tweets = len(self.recount.kinds) - self.dead - self.empty - min(old, self.retired.total())
        return tweets - self.stored.count(1) - self.uncounted.count(1)


class Matching(NamedTuple):
    partitions: Mapping[int, Matched]
    wrong_code: list[Document]
    """Documents with another country than their record."""
    strangers: list[Strangers]
    """Documents that are nobody's record."""


def documents(settings: MongoSettings, on_progress: Callable[[int], None]) -> Iterator[Document]:
    """All documents, in whatever order. Raises `PyMongoError`."""
    fields = {"partition": 1, "offset": 1, "code": 1, "life": 1, "accepted_at": 1}
    with MongoClient[dict[str, Any]](
        settings.url.get_secret_value(), serverSelectionTimeoutMS=5_000, socketTimeoutMS=_SOCKET_MS
    ) as client:
        collection = client[settings.database][settings.collection]
        told = 0
        for number, document in enumerate(collection.find({}, fields, batch_size=_DOCUMENTS_AT_ONCE), 1):
            yield Document(
                str(document["_id"]),
                document.get("partition", -1),
                document.get("offset", -1),
                document.get("code", ""),
                document.get("life") or 0,
                document.get("accepted_at"),
            )
            if not number % 1_000:
                on_progress(number - told)
                told = number


def match(
    recounts: Mapping[int, PartitionRecount],
    found: Iterable[Document],
    *,
    earlier_lives: bool,
    life: int = 0,
    retired: Mapping[int, Retired] = MappingProxyType({}),
) -> Matching:
    """Finds the record of each document, and the tweets that have none; without what is kept no longer.

    `earlier_lives` says that the topic was made anew at some time, `life` which one it has now, 0 if that is
    not known.
    """
    partitions = {p: Matched(recount, retired.get(p)) for p, recount in recounts.items()}
    numbers = {code: number for number, code in enumerate(codes(), FIRST_COUNTRY)}
    keys = array("Q")
    wrong_code: list[Document] = []
    strangers: dict[int, Strangers] = {}
    lives = {life} if life else set()
    for recount in recounts.values():
        # The message of a repeat may be one of them.
        keys.extend(compress(recount.ids, map(RETIRED.__eq__, recount.kinds)))
    for document in found:
        of = retired.get(document.partition)
        if of and of.has(document.life, document.offset, document.accepted_at):
            continue
        key = key_of(document.id)
        keys.append(key)
        matched = partitions.get(document.partition)
        if earlier_lives and life and document.life not in (life, 0):
            strangers.setdefault(document.life, Strangers()).add(document)
            continue
        if matched and document.offset >= matched.recount.end:
            continue
        if matched and document.offset >= matched.recount.beginning:
            i = document.offset - matched.recount.beginning
            if matched.recount.ids[i] in (key, DERIVED_ID) and matched.recount.kinds[i] >= FIRST_COUNTRY:
                matched.stored[i] = 1
                lives.add(document.life)
                if matched.recount.kinds[i] != numbers.get(document.code) and len(wrong_code) < EXAMPLES:
                    wrong_code.append(document)
                continue
        elif matched and document.offset >= 0:
            matched.gone[document.code] += 1
            continue
        strangers.setdefault(document.life, Strangers()).add(document)
    for matched in partitions.values():
        _find_missing(matched)
    _settle_missing(partitions, keys)
    for life in list(strangers):
        if earlier_lives and life not in lives - {0}:
            for (partition, code), count in strangers.pop(life).counts.items():
                if partition in partitions:
                    partitions[partition].gone[code] += count
    return Matching(partitions, wrong_code, list(strangers.values()))


def _find_missing(matched: Matched) -> None:
    first = matched.recount.beginning
    matched.missing = [
        first + i
        for i, (kind, stored) in enumerate(zip(matched.recount.kinds, matched.stored, strict=True))
        if kind >= FIRST_COUNTRY and not stored
    ]


def _settle_missing(partitions: Mapping[int, Matched], keys: "array[int]") -> None:
    """Of the tweets that are not stored at their own place, leaves those that are nowhere."""
    wanted = {
        matched.recount.ids[offset - matched.recount.beginning]
        for matched in partitions.values()
        for offset in matched.missing
    }
    present = wanted.intersection(keys)
    seen: set[int] = set()
    for matched in partitions.values():
        first, ids = matched.recount.beginning, matched.recount.ids
        matched.missing = [offset for offset in matched.missing if ids[offset - first] not in present]
        for offset in matched.missing:
            key = ids[offset - first]
            if key == DERIVED_ID or key not in seen:
                matched.uncounted[offset - first] = 1
                seen.add(key)
