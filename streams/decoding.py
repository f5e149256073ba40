"""From a batch of raw records to tweets and dead letters. Never raises, whatever was written to the topic."""

import uuid
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import msgspec

from streams.tally import UNKNOWN_LIFE
from weather_tweets import countries
from weather_tweets.traceparent import HEADER
from weather_tweets.tweet import (
    MAX_COUNTRY_CHARACTERS,
    MAX_TEXT_CHARACTERS,
    InvalidTweetError,
    Tweet,
    from_submission,
)

if TYPE_CHECKING:
    # Faust comes with it, which the command line has not.
    from streams.transport import Record, RecordBatch

_FOREIGN_IDS = uuid.UUID("b1b8a2a5-5d26-4f53-9d0f-0f8e2ed9c2c4")
"""Namespace of the ids of records that came without one."""

_UUID_CHARACTERS = 36
_MAX_AT_MS = 253_402_300_799_999
"""The last millisecond of the year 9999, the last that a date can hold."""


class _OwnTweet(Tweet, frozen=True, gc=False, rename={"text": "texto", "country": "país", "code": "codigo"}):
    """A record that our producer wrote, or that is as good: the limits are checked while it is decoded."""

    id: Annotated[str, msgspec.Meta(min_length=_UUID_CHARACTERS, max_length=_UUID_CHARACTERS)]
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TEXT_CHARACTERS)]
    country: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_COUNTRY_CHARACTERS)]
    code: str
    at: Annotated[int, msgspec.Meta(ge=0, le=_MAX_AT_MS)]


class DeadLetter(NamedTuple):
    """A record that is no tweet, as it was, and why."""

    offset: int
    key: bytes | None
    value: bytes | None
    reason: str
    exception: str = ""
    """Name of what was raised over it."""
    headers: Sequence[tuple[str, bytes]] = ()


class NoTweetError(ValueError):
    """A record is no tweet; the message says why, `exception` names what was raised over it."""

    def __init__(self, reason: str, cause: Exception | None = None) -> None:
        super().__init__(reason)
        kind = type(cause or self)
        self.exception = f"{kind.__module__}.{kind.__qualname__}"


class Batch(NamedTuple):
    """A decoded batch: all that a partition has from offset `start` to `last`, both included.

    Each of its records is one of `tweets` (at the offset of the same index) or `dead`; offsets that are
    neither are empty.
    """

    topic: str
    partition: int
    start: int
    last: int
    tweets: Sequence[Tweet]
    offsets: Sequence[int]
    dead: Sequence[DeadLetter]
    life: int = UNKNOWN_LIFE
    """Which life of the topic it is of (`tally.life_of`)."""
    appended: Sequence[int] = ()
    """When Kafka took each of `tweets`, in milliseconds since the epoch by the broker's clock."""
    traceparents: Collection[str] = ()
    """Of the traces that its records belong to, where traces are on."""

    def after(self, offset: int) -> "Batch":
        """What of it comes after `offset`."""
        if self.start > offset:
            return self
        keep = next((i for i, own in enumerate(self.offsets) if own > offset), len(self.offsets))
        return self._replace(
            start=offset + 1,
            tweets=self.tweets[keep:],
            appended=self.appended[keep:],
            offsets=self.offsets[keep:],
            dead=[letter for letter in self.dead if letter.offset > offset],
        )


def traced_decoder() -> "Callable[[RecordBatch], Batch]":
    """As `decoder`, with the batches' `traceparents`."""
    decode = decoder()

    def decode_traced(records: "RecordBatch") -> Batch:
        found = {value for record in records for name, value in record.headers if name == HEADER}
        batch = decode(records)
        # Anybody may have written the header: whatever the bytes, nothing is raised.
        return (
            batch._replace(traceparents=[each.decode("latin-1") for each in found if each])
            if found
            else batch
        )

    return decode_traced


def decoder() -> "Callable[[RecordBatch], Batch]":
    """Makes a function that decodes batches."""
    decode_own = msgspec.json.Decoder(_OwnTweet).decode
    codes = frozenset(countries.by_code())

    def decode(records: "RecordBatch") -> Batch:
        tweets: Sequence[Tweet]
        try:
            tweets = [decode_own(record.value) for record in records]  # type: ignore[arg-type]
            if not codes.issuperset({tweet.code for tweet in tweets}):
                raise msgspec.ValidationError("a code that is no country's")
        except (msgspec.MsgspecError, UnicodeDecodeError, TypeError):
            # One of them is not ours.
            return decode_each(records)
        return Batch(
            records.topic,
            records.partition,
            records.start,
            records.last,
            tweets,
            [record.offset for record in records],
            (),
            appended=[record.timestamp for record in records],
        )

    def decode_each(records: "RecordBatch") -> Batch:
        tweets: list[Tweet] = []
        offsets: list[int] = []
        appended: list[int] = []
        dead: list[DeadLetter] = []
        for record in records:
            try:
                tweets.append(read(records.topic, records.partition, record))
            except NoTweetError as error:
                dead.append(
                    DeadLetter(
                        record.offset, record.key, record.value, str(error), error.exception, record.headers
                    )
                )
            else:
                offsets.append(record.offset)
                appended.append(record.timestamp)
        return Batch(
            records.topic,
            records.partition,
            records.start,
            records.last,
            tweets,
            offsets,
            dead,
            appended=appended,
        )

    read = reader()
    return decode


def reader() -> "Callable[[str, int, Record], Tweet]":
    """Makes a function that reads one record of a topic's partition; it raises `NoTweetError`."""
    decode_own = msgspec.json.Decoder(_OwnTweet).decode
    codes = frozenset(countries.by_code())

    def read(topic: str, partition: int, record: "Record") -> Tweet:
        try:
            tweet: Tweet = decode_own(record.value)  # type: ignore[arg-type]
        except (msgspec.MsgspecError, UnicodeDecodeError, TypeError):
            return _from_foreign(topic, partition, record)
        return tweet if tweet.code in codes else _from_foreign(topic, partition, record)

    return read


def _from_foreign(topic: str, partition: int, record: "Record") -> Tweet:
    """The tweet in a record that another producer wrote; needs `texto` and `país` only."""
    if record.value is None:
        raise NoTweetError("no value")
    try:
        submission: Any = msgspec.json.decode(record.value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise NoTweetError(f"not JSON: {error}", error) from None
    name = f"{topic}/{partition}/{record.offset}/{record.timestamp}"
    try:
        return from_submission(
            submission,
            at=min(max(record.timestamp, 0), _MAX_AT_MS),
            new_id=str(uuid.uuid5(_FOREIGN_IDS, name)),
        )
    except InvalidTweetError as error:
        raise NoTweetError(str(error), error) from None
