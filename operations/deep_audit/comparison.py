"""What the recount says against the tables and Redis, in sentences that name what differs."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from operations.deep_audit.documents import Matching
from weather_tweets import countries

_RANGES = 5
_COUNTRIES = 5


class Published(NamedTuple):
    """What Redis had of a partition, and at which offset."""

    offset: int
    messages: int
    by_name: Mapping[str, int]


class Snapshot(NamedTuple):
    """What the tables said, and Redis a moment before."""

    stats: Mapping[str, Any]
    published: Mapping[int, Published]
    countries: Mapping[str, int]
    totals: Mapping[str, int]

    @property
    def ends(self) -> dict[int, int]:
        """By partition, the offset before which everything was counted."""
        return {int(p): tally["offset"] + 1 for p, tally in self.stats["partitions"].items()}


def differences(snapshot: Snapshot, matching: Matching, ids: Mapping[tuple[int, int], str]) -> Iterator[str]:
    """A sentence for each thing that differs. `ids` are those of missing tweets, by partition and offset."""
    yield from _missing(matching, ids)
    yield from _strangers(matching)
    yield from _tables(snapshot, matching)
    yield from _redis(snapshot, matching)


def _missing(matching: Matching, ids: Mapping[tuple[int, int], str]) -> Iterator[str]:
    for partition, matched in matching.partitions.items():
        if not matched.missing:
            continue
        lost = Counter(matched.code_at(offset) for offset in matched.missing)
        names = [ids[partition, offset] for offset in matched.missing if (partition, offset) in ids]
        yield (
            f"MongoDB lacks {len(matched.missing):,} of partition {partition}, offsets "
            f"{ranges(matched.missing)} ({_by_name(lost)}): {', '.join(names)}"
        )


def _strangers(matching: Matching) -> Iterator[str]:
    for strangers in matching.strangers:
        yield (
            f"MongoDB has {strangers.counts.total():,} documents that are no record of the topic: "
            + ", ".join(f"{d.id} (partition {d.partition}, offset {d.offset})" for d in strangers.examples)
        )
    for document in matching.wrong_code:
        yield (
            f"MongoDB has {document.code} for {document.id}, the record at partition {document.partition}, "
            f"offset {document.offset} another country"
        )


def _tables(snapshot: Snapshot, matching: Matching) -> Iterator[str]:
    of_topic: Counter[str] = Counter()
    for partition, matched in matching.partitions.items():
        tally = snapshot.stats["partitions"][str(partition)]
        messages = matched.messages()
        of_topic.update(messages)
        counts = [("messages", messages.total())]
        if not matched.recount.beginning and not tally["earlier"]:
            # Of what the topic no longer has, nobody can tell what it was.
            counts += [("dead", matched.dead), ("repeats", matched.repeats), ("empty", matched.empty)]
        for field, count in counts:
            if tally[field] != count:
                yield (
                    f"partition {partition}: the tables count {tally[field]:,} {field} up to offset "
                    f"{tally['offset']:,}, the topic has {count:,}"
                )
    yield from _by_country("the tables have", snapshot.stats["countries"], "the topic", _named(of_topic))


def _redis(snapshot: Snapshot, matching: Matching) -> Iterator[str]:
    for partition, published in snapshot.published.items():
        matched = matching.partitions.get(partition)
        if not matched:
            continue
        by_code = matched.messages(published.offset + 1)
        if published.messages != by_code.total():
            yield (
                f"Redis `tally:{partition}` has {published.messages:,} messages up to offset "
                f"{published.offset:,}, the topic has {by_code.total():,}"
            )
        yield from _by_country(
            f"Redis `tally:{partition}` has", published.by_name, "the topic", _named(by_code)
        )
    summed: Counter[str] = Counter()
    for published in snapshot.published.values():
        summed.update(published.by_name)
    yield from _by_country("Redis `countries` has", snapshot.countries, "its tallies", summed)
    messages = sum(published.messages for published in snapshot.published.values())
    if snapshot.totals.get("messages", 0) != messages:
        yield f"Redis `totals.messages` has {snapshot.totals.get('messages', 0):,}, its tallies {messages:,}"


def _by_country(who: str, found: Mapping[str, int], other: str, expected: Mapping[str, int]) -> Iterator[str]:
    names = sorted(found.keys() | expected.keys())
    differing = [name for name in names if found.get(name, 0) != expected.get(name, 0)]
    for name in differing[:_COUNTRIES]:
        yield f"{who} {found.get(name, 0):,} for {name}, {other} {expected.get(name, 0):,}"
    if len(differing) > _COUNTRIES:
        yield f"and so on for {len(differing) - _COUNTRIES} more countries"


def ranges(offsets: Sequence[int]) -> str:
    """Ascending offsets as ranges: `3–5, 9`, and how many more there are."""
    found: list[list[int]] = []
    for offset in offsets:
        if found and offset == found[-1][1] + 1:
            found[-1][1] = offset
        else:
            found.append([offset, offset])
    shown = [f"{a:,}" if a == b else f"{a:,}–{b:,}" for a, b in found[:_RANGES]]
    if len(found) > _RANGES:
        shown.append(f"and {len(found) - _RANGES} more ranges")
    return ", ".join(shown)


def _named(by_code: Mapping[str, int]) -> Counter[str]:
    known = countries.by_code()
    named: Counter[str] = Counter()
    for code, count in by_code.items():
        named[known[code].name if code in known else code] += count
    return named


def _by_name(by_code: Mapping[str, int]) -> str:
    most = _named(by_code)
    return ", ".join(f"{name} {count:,}" for name, count in most.most_common(_COUNTRIES))
