"""What MongoDB lacks of what was counted, and from what it can be restored."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from operations import committed_log, tallies
from operations.deep_audit.documents import Document, Matched, Matching, match
from operations.deep_audit.recount import DERIVED_ID, PartitionRecount, recount
from operations.deep_audit.run import limits
from operations.rebuild.settling import Bucket, Candidate, settle
from streams.retention import Retired
from streams.tally import UNKNOWN_LIFE, Tally, life_of
from streams.topic_identity import Topics
from weather_tweets.settings import KafkaSettings


class PartitionPlan(NamedTuple):
    """Of one partition."""

    tally: Tally
    beginning: int
    """First offset that is looked at: the log's first, or a later one that was asked for."""
    offsets: list[int]
    """Ascending: those whose documents are to be restored."""
    out_of_reach: int
    """Messages that were counted, have no document, and whose records are not in the part of the log that is
    looked at."""
    counted_twice: int
    """Messages that were counted, and whose ids have documents of other records: they were sent again, and
    counted again, while their documents were missing."""


class Plan(NamedTuple):
    partitions: Mapping[int, PartitionPlan]
    stored: int
    """Documents that are there already."""

    @property
    def restorable(self) -> int:
        return sum(len(partition.offsets) for partition in self.partitions.values())

    @property
    def out_of_reach(self) -> int:
        return sum(partition.out_of_reach for partition in self.partitions.values())

    @property
    def counted_twice(self) -> int:
        return sum(partition.counted_twice for partition in self.partitions.values())


async def make(
    settings: KafkaSettings,
    documents: Callable[[], Iterable[Document]],
    *,
    retired: Mapping[int, Retired] = MappingProxyType({}),
    since_ms: int | None = None,
    on_total: Callable[[int], None] = lambda _: None,
    on_progress: Callable[[int], None] = lambda _: None,
) -> Plan:
    """Compares the log up to the tallies with the documents; what comes after them is left to the workers.

    What is kept no longer (`retired`, by partition) is neither missing nor restored. Raises `KafkaError`,
    `PyMongoError`, `StandstillError`.
    """
    of_epoch = await _tallies(settings)
    ends = {partition: tally.offset + 1 for partition, tally in of_epoch.items()}
    beginnings: dict[int, int] = {}
    if since_ms is not None:
        found = await committed_log.offsets_since(settings, ends, since_ms)
        beginnings = {partition: found.get(partition, end) for partition, end in ends.items()}
    on_total(sum(ends.values()) - sum(beginnings.values()))
    life = next((life_of(tally.topic_id) for tally in of_epoch.values()), UNKNOWN_LIFE)
    recounts = await recount(settings, ends, on_progress, beginnings, limits(retired, life))
    stored = 0

    def counted() -> Iterable[Document]:
        nonlocal stored
        for stored, document in enumerate(documents(), 1):  # noqa: B007 (the count is what is wanted)
            yield document

    earlier_lives = any(tally.earlier for tally in of_epoch.values())
    matching = match(recounts, counted(), earlier_lives=earlier_lives, life=life, retired=retired)
    offsets = await _chosen(settings, of_epoch, matching)
    return Plan({p: _of(tally, matching.partitions[p], offsets[p]) for p, tally in of_epoch.items()}, stored)


async def _tallies(settings: KafkaSettings) -> dict[int, Tally]:
    """Those of the topic as it is now: of one that is gone there are no records."""
    topics = Topics(settings)
    try:
        topic = (await topics.describe([settings.topic])).get(settings.topic)
    finally:
        await topics.close()
    if topic is None:
        return {}
    return {
        partition: tally
        for partition, tally in sorted((await tallies.read(settings)).items())
        if not (tally.topic_id and topic.id) or tally.topic_id == topic.id
    }


async def _chosen(
    settings: KafkaSettings, of_epoch: Mapping[int, Tally], matching: Matching
) -> dict[int, list[int]]:
    """By partition the offsets of the records that were the messages of their ids."""
    by_id: dict[int, dict[int, int]] = defaultdict(dict)
    offsets: dict[int, list[int]] = {partition: [] for partition in of_epoch}
    for partition, matched in matching.partitions.items():
        for offset in matched.missing:
            id_ = _id(matched.recount, offset)
            if id_ == DERIVED_ID:
                offsets[partition].append(offset)
            else:
                by_id[id_].setdefault(partition, offset)
    contested = []
    for places in by_id.values():
        if len(places) > 1:
            contested.append(places)
        else:
            ((partition, offset),) = places.items()
            offsets[partition].append(offset)
    if contested:
        times = await _times(settings, contested)
        needed = Counter[Bucket]()
        for partition, tally in of_epoch.items():
            for code, count in _lacking(tally, matching.partitions[partition], offsets[partition]).items():
                needed[partition, code] = count
        candidates = [
            [
                Candidate(
                    partition,
                    offset,
                    matching.partitions[partition].code_at(offset),
                    times[partition, offset],
                )
                for partition, offset in sorted(places.items())
            ]
            for places in contested
        ]
        for chosen in settle(candidates, needed):
            offsets[chosen.partition].append(chosen.offset)
    return {partition: sorted(each) for partition, each in offsets.items()}


def _id(of: PartitionRecount, offset: int) -> int:
    return of.ids[offset - of.beginning]


def _lacking(tally: Tally, matched: Matched, offsets: Iterable[int]) -> Counter[str]:
    """By country's code, the messages that are counted and neither stored nor to be restored."""
    lacking = Counter(tally.countries)
    lacking.subtract(matched.stored_messages())
    lacking.subtract(matched.gone)
    lacking.subtract(matched.code_at(offset) for offset in offsets)
    return lacking


def _of(tally: Tally, matched: Matched, offsets: list[int]) -> PartitionPlan:
    lacking = sum(count for count in _lacking(tally, matched, offsets).values() if count > 0)
    # Where every record is there, none is out of reach.
    is_whole = not (matched.recount.beginning or tally.earlier)
    return PartitionPlan(
        tally,
        matched.recount.beginning,
        offsets,
        out_of_reach=0 if is_whole else lacking,
        counted_twice=lacking if is_whole else 0,
    )


async def _times(
    settings: KafkaSettings, contested: Iterable[Mapping[int, int]]
) -> dict[tuple[int, int], int]:
    """Kafka's time of each of these records, by partition and offset."""
    wanted: dict[int, set[int]] = defaultdict(set)
    for places in contested:
        for partition, offset in places.items():
            wanted[partition].add(offset)
    times = {}

    async def take(partition: int, records: committed_log.Records) -> None:
        for record in records:
            if record.offset in wanted[partition]:
                times[partition, record.offset] = record.timestamp

    extents = {p: committed_log.stretches(sorted(offsets)) for p, offsets in wanted.items()}
    await committed_log.read(settings, settings.topic, extents, take)
    return times
