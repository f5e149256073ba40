"""What the topic holds, record by record: an independent count, which shares no code with the stream workers.

Ten bytes an offset: a million records fit beside whatever runs.
"""

from array import array
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated, NamedTuple

import msgspec

from operations import committed_log
from weather_tweets import countries
from weather_tweets.settings import KafkaSettings
from weather_tweets.tweet import (
    MAX_COUNTRY_CHARACTERS,
    MAX_TEXT_CHARACTERS,
    InvalidTweetError,
    from_submission,
)

EMPTY = 0
DEAD = 1
RETIRED = 2
"""A tweet so old that it is kept no longer: a message, or a repeat of one, nobody knows any more."""
FIRST_COUNTRY = 3

NO_ID = 0
DERIVED_ID = 1
"""A record that came without an id: its document's is made from where it stands."""

_PLACEHOLDER = "00000000-0000-0000-0000-000000000000"


class PartitionRecount(NamedTuple):
    """Offsets from `beginning` to before `end`; arrays have an item for each."""

    beginning: int
    end: int
    kinds: "array[int]"
    """`EMPTY`, `DEAD`, `RETIRED`, or from `FIRST_COUNTRY` on the number of a tweet's country."""
    ids: "array[int]"
    """The `key_of` a tweet's id, `DERIVED_ID` or `NO_ID`."""


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
    settings: KafkaSettings,
    ends: Mapping[int, int],
    on_progress: Callable[[int], None],
    beginnings: Mapping[int, int] = MappingProxyType({}),
    retired: Mapping[int, tuple[int, int]] = MappingProxyType({}),
) -> dict[int, PartitionRecount]:
    """Counts the committed records of each partition before the offset given for it.

    From the log's beginning, or from a later one that is given. `retired` are, by partition, the last
    offset and the time (milliseconds since the epoch) up to and before which tweets are kept no longer.
    `on_progress` is told how many offsets are done since it was told last. Raises `KafkaError`,
    `StandstillError`.
    """
    log = await committed_log.extents(settings, settings.topic)
    counts = {}
    for partition, end in ends.items():
        nothing = committed_log.Extent(end, end)
        beginning = min(max(log.get(partition, nothing).first, beginnings.get(partition, 0)), end)
        size = end - beginning
        counts[partition] = PartitionRecount(
            beginning, end, array("H", bytes(2 * size)), array("Q", bytes(8 * size))
        )
    classify = _classifier()

    async def take(partition: int, records: committed_log.Records) -> None:
        beginning, _, kinds, ids = counts[partition]
        last_retired, before_ms = retired.get(partition, (-1, 0))
        for record in records:
            i = record.offset - beginning
            kinds[i], ids[i], at = classify(record.value, record.timestamp)
            if record.offset <= last_retired and at < before_ms and kinds[i] >= FIRST_COUNTRY:
                kinds[i] = RETIRED

    wanted = {p: [committed_log.Extent(count.beginning, count.end)] for p, count in counts.items()}
    await committed_log.read(settings, settings.topic, wanted, take, on_progress)
    return counts


def _classifier() -> Callable[[bytes | None, int], tuple[int, int, int]]:
    """A function that tells a record's kind, the key of its id, and when it was accepted.

    That is Kafka's time where it does not say it itself.
    """
    decode = msgspec.json.Decoder(_Record).decode
    decode_any = msgspec.json.Decoder().decode
    numbers = {code: number for number, code in enumerate(codes(), FIRST_COUNTRY)}

    def classify(value: bytes | None, timestamp: int) -> tuple[int, int, int]:
        try:
            record = decode(value or b"")
            return numbers[record.codigo], key_of(record.id), record.at
        except (msgspec.MsgspecError, UnicodeDecodeError, KeyError):
            pass
        try:
            tweet = from_submission(decode_any(value or b""), at=0, new_id=_PLACEHOLDER)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, InvalidTweetError):
            return DEAD, NO_ID, timestamp
        key = DERIVED_ID if tweet.id == _PLACEHOLDER else key_of(tweet.id)
        return numbers[tweet.code], key, timestamp

    return classify
