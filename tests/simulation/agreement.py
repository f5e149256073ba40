"""What has to hold in a world at rest, whatever happened to it before."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from streams.tally import Tally
from tests.simulation.redis_hashes import Hashes
from tests.simulation.topic import Entry
from tests.simulation.worker import Surroundings
from weather_tweets import countries


def disagreements(world: Surroundings, tallies: Mapping[int, Tally]) -> list[str]:
    """A sentence for each thing that is not as it should be."""
    return [
        *_offsets(world, tallies),
        *_documents(world, tallies),
        *_counters(world.hashes, tallies),
        *_letters(world),
        *_history(world),
    ]


def _offsets(world: Surroundings, tallies: Mapping[int, Tally]) -> Iterator[str]:
    """Each offset of the log is one of the tally's counts."""
    for partition, log in enumerate(world.topic.partitions):
        tally = tallies.get(partition, Tally())
        if log.read(tally.offset + 1, 1_000)[0]:
            yield f"partition {partition} ends at {log.end} and was counted up to {tally.offset}"
        if tally.accounted != tally.earlier + tally.offset + 1:
            yield f"partition {partition} has {tally.earlier} + {tally.offset + 1} offsets, not {tally}"


def _documents(world: Surroundings, tallies: Mapping[int, Tally]) -> Iterator[str]:
    """MongoDB has what was committed and not lost before it was read, each id once; the tables count it."""
    stored = world.database.documents
    committed = {entry.id for *_, entry in _committed(world)}
    gone = {entry.id for life, partition, offset, entry in _committed(world)} - {
        entry.id
        for log in world.topic.partitions
        for entry in log.entries.values()
        if not entry.transaction or entry.transaction.committed
    }
    if foreign := stored.keys() - committed:
        yield f"MongoDB has {len(foreign)} documents that nobody committed: {sorted(foreign)[:3]}"
    if missing := committed - stored.keys() - gone:
        yield f"MongoDB lacks {len(missing)} that the log has: {sorted(missing)[:3]}"
    messages = sum(tally.messages for tally in tallies.values())
    if messages != len(stored):
        yield f"the tables have {messages} messages, MongoDB {len(stored)} documents"
    by_code: Counter[str] = Counter()
    for tally in tallies.values():
        by_code.update(tally.countries)
    in_mongo = Counter(document["code"] for document in stored.values())
    if +by_code != in_mongo:
        yield f"the tables have {dict(by_code)}, MongoDB {dict(in_mongo)}"


def _counters(hashes: Hashes, tallies: Mapping[int, Tally]) -> Iterator[str]:
    """Redis shows the tables' sums, and of every partition its tally."""
    known = countries.by_code()
    of_countries: Counter[str] = Counter()
    for tally in tallies.values():
        of_countries.update({known[code].name: count for code, count in tally.countries.items()})
    totals = {
        field: sum(getattr(tally, field) for tally in tallies.values())
        for field in ("messages", "dead", "repeats", "empty", "lost", "earlier")
    }
    for key, expected in (("countries", dict(of_countries)), ("totals", totals)):
        found = hashes.keys.get(key, {})
        if isinstance(found, str):
            yield f"Redis' `{key}` is no hash"
        elif (counts := {name: int(value) for name, value in found.items() if int(value)}) != {
            name: value for name, value in expected.items() if value
        }:
            yield f"Redis' `{key}` has {counts}, the tables have {expected}"


def _history(world: Surroundings) -> Iterator[str]:
    """Hours and minutes have every stored tweet once, in its own partition."""
    for step, minutes in (("hour", 60), ("minute", 1)):
        stored: Counter[tuple[int, datetime, str, str]] = Counter()
        for document in world.database.documents.values():
            at = document["accepted_at"].replace(second=0, microsecond=0, tzinfo=UTC)
            at -= timedelta(minutes=at.minute % minutes)
            for what in ("tweets", *document["kinds"]):
                stored[document["partition"], at, document["code"], what] += 1
        counted: Counter[tuple[int, datetime, str, str]] = Counter()
        for document in world.history.by_id.values():
            if document["step"] == step:
                for code, counts in document["countries"].items():
                    for what, count in {**counts["kinds"], "tweets": counts["tweets"]}.items():
                        counted[document["partition"], document["at"], code, what] += count
        if counted != stored:
            yield f"the {step}s have too much: {counted - stored}, too little: {stored - counted}"


def _letters(world: Surroundings) -> Iterator[str]:
    """Every record that is no tweet has its letter."""
    arrived = {(topic_id, partition, offset) for topic_id, partition, offset in world.dead_letters}
    life = world.topic.life
    missing = [
        (partition, offset)
        for partition, log in enumerate(life.partitions)
        for offset, entry in log.entries.items()
        if entry.value and not entry.id and (not entry.transaction or entry.transaction.committed)
        if (life.topic_id, partition, offset) not in arrived
    ]
    if missing:
        yield f"no letter for partition and offset {missing[:3]}"


def _committed(world: Surroundings) -> Iterator[tuple[int, int, int, Entry]]:
    for life, partition, offset, entry in world.topic.ever():
        if entry.id and (not entry.transaction or entry.transaction.committed):
            yield life, partition, offset, entry
