"""What the topic holds, record by record: an independent count, which shares no code with the stream workers.

Ten bytes an offset: a million records fit beside whatever runs.
"""

import asyncio
from array import array
from collections.abc import Callable, Mapping
from typing import Annotated, NamedTuple

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from weather_tweets import countries
from weather_tweets.kafka import client_options
from weather_tweets.settings import KafkaSettings
from weather_tweets.tweet import (
    MAX_COUNTRY_CHARACTERS,
    MAX_TEXT_CHARACTERS,
    InvalidTweetError,
    from_submission,
)

EMPTY = 0
DEAD = 1
FIRST_COUNTRY = 2

NO_ID = 0
DERIVED_ID = 1
"""A record that came without an id: its document's is made from where it stands."""

STANDSTILL_SECONDS = 30.0
"""How long Kafka may deliver nothing of what it has."""

_RECORDS_AT_ONCE = 5_000
_PLACEHOLDER = "00000000-0000-0000-0000-000000000000"


class PartitionRecount(NamedTuple):
    """Offsets from `beginning` to before `end`; arrays have an item for each."""

    beginning: int
    end: int
    kinds: "array[int]"
    """`EMPTY`, `DEAD`, or from `FIRST_COUNTRY` on the number of a tweet's country."""
    ids: "array[int]"
    """The `key_of` a tweet's id, `DERIVED_ID` or `NO_ID`."""


class RecountError(RuntimeError):
    """Kafka does not deliver what it says it has."""


class _Record(msgspec.Struct, gc=False):
    """A record as docs/contracts.md has it."""

    id: Annotated[str, msgspec.Meta(min_length=36, max_length=36)]
    texto: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TEXT_CHARACTERS)]
    country: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_COUNTRY_CHARACTERS)] = msgspec.field(
        name="país"
    )
    codigo: str
    at: Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799_999)]


def key_of(id_: str) -> int:
    """64 bits of an id that tell it from any other; the same within this process."""
    return hash(id_) & 0xFFFF_FFFF_FFFF_FFFF or FIRST_COUNTRY


def codes() -> list[str]:
    """The countries' codes by their number."""
    return list(countries.by_code())


async def recount(
    settings: KafkaSettings, ends: Mapping[int, int], on_progress: Callable[[int], None]
) -> dict[int, PartitionRecount]:
    """Counts the committed records of each partition before the offset given for it.

    `on_progress` is told how many offsets are done since it was told last. Raises `KafkaError`,
    `RecountError`.
    """
    consumer = AIOKafkaConsumer(
        **client_options(settings),
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=2**21,
    )
    await consumer.start()
    try:
        topics = {TopicPartition(settings.topic, partition): end for partition, end in ends.items()}
        consumer.assign(list(topics))
        beginnings = await consumer.beginning_offsets(list(topics))
        await consumer.seek_to_beginning(*topics)
        counts = {
            tp: PartitionRecount(
                (beginning := min(beginnings[tp], end)),
                end,
                array("H", bytes(2 * (end - beginning))),
                array("Q", bytes(8 * (end - beginning))),
            )
            for tp, end in topics.items()
        }
        await _read(consumer, counts, on_progress)
    finally:
        await consumer.stop()
    return {tp.partition: count for tp, count in counts.items()}


async def _read(
    consumer: AIOKafkaConsumer,
    counts: Mapping[TopicPartition, PartitionRecount],
    on_progress: Callable[[int], None],
) -> None:
    classify = _classifier()
    positions = {tp: count.beginning for tp, count in counts.items()}
    unread = {tp for tp, count in counts.items() if count.beginning < count.end}
    consumer.pause(*counts.keys() - unread)
    moved_at = asyncio.get_running_loop().time()
    while unread:
        fetched = await consumer.getmany(*unread, timeout_ms=500, max_records=_RECORDS_AT_ONCE)
        for tp, records in fetched.items():
            beginning, end, kinds, ids = counts[tp]
            for record in records:
                if record.offset < end:
                    i = record.offset - beginning
                    kinds[i], ids[i] = classify(record.value)
        now = asyncio.get_running_loop().time()
        for tp in list(unread):
            position = min(await consumer.position(tp), counts[tp].end)
            if position > positions[tp]:
                on_progress(position - positions[tp])
                positions[tp], moved_at = position, now
            if position >= counts[tp].end:
                unread.remove(tp)
                consumer.pause(tp)
        if now - moved_at > STANDSTILL_SECONDS:
            behind = ", ".join(f"{tp.partition} at {positions[tp]}" for tp in sorted(unread))
            raise RecountError(f"Kafka delivers nothing more, partition {behind}")


def _classifier() -> Callable[[bytes | None], tuple[int, int]]:
    """A function that tells a record's kind and the key of its id."""
    decode = msgspec.json.Decoder(_Record).decode
    decode_any = msgspec.json.Decoder().decode
    numbers = {code: number for number, code in enumerate(codes(), FIRST_COUNTRY)}

    def classify(value: bytes | None) -> tuple[int, int]:
        try:
            record = decode(value or b"")
            return numbers[record.codigo], key_of(record.id)
        except (msgspec.MsgspecError, UnicodeDecodeError, KeyError):
            pass
        try:
            tweet = from_submission(decode_any(value or b""), at=0, new_id=_PLACEHOLDER)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, InvalidTweetError):
            return DEAD, NO_ID
        return numbers[tweet.code], DERIVED_ID if tweet.id == _PLACEHOLDER else key_of(tweet.id)

    return classify
