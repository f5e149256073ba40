"""From a batch of raw records to tweets and dead letters. Never raises, whatever was written to the topic."""

import uuid
from collections.abc import Callable, Sequence
from typing import Annotated, Any, NamedTuple

import msgspec

from streams.tally import UNKNOWN_LIFE
from streams.transport import Record, RecordBatch
from weather_tweets import countries
from weather_tweets.tweet import (
    MAX_COUNTRY_CHARACTERS,
    MAX_TEXT_CHARACTERS,
    InvalidTweetError,
    Tweet,
    from_submission,
)

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

    def after(self, offset: int) -> "Batch":
        """What of it comes after `offset`."""
        if self.start > offset:
            return self
        keep = next((i for i, own in enumerate(self.offsets) if own > offset), len(self.offsets))
        return self._replace(
            start=offset + 1,
            tweets=self.tweets[keep:],
            offsets=self.offsets[keep:],
            dead=[letter for letter in self.dead if letter.offset > offset],
        )


def decoder() -> Callable[[RecordBatch], Batch]:
    """Makes a function that decodes batches."""
    decode_own = msgspec.json.Decoder(_OwnTweet).decode
    codes = frozenset(countries.by_code())

    def decode(records: RecordBatch) -> Batch:
        tweets: Sequence[Tweet]
        try:
            tweets = [decode_own(record.value) for record in records]  # type: ignore[arg-type]
            if not codes.issuperset({tweet.code for tweet in tweets}):
                raise msgspec.ValidationError("a code that is no country's")
        except (msgspec.MsgspecError, UnicodeDecodeError, TypeError):
            # One of them is not ours.
            return decode_each(records)
        offsets = [record.offset for record in records]
        return Batch(records.topic, records.partition, records.start, records.last, tweets, offsets, ())

    def decode_each(records: RecordBatch) -> Batch:
        tweets: list[Tweet] = []
        offsets: list[int] = []
        dead: list[DeadLetter] = []
        for record in records:
            try:
                tweet: Tweet = decode_own(record.value)  # type: ignore[arg-type]
                ours = tweet.code in codes
            except (msgspec.MsgspecError, UnicodeDecodeError, TypeError):
                ours = False
            if not ours:
                try:
                    tweet = _from_foreign(records, record)
                except _NoTweetError as error:
                    dead.append(DeadLetter(record.offset, record.key, record.value, str(error)))
                    continue
            tweets.append(tweet)
            offsets.append(record.offset)
        return Batch(records.topic, records.partition, records.start, records.last, tweets, offsets, dead)

    return decode


class _NoTweetError(ValueError):
    pass


def _from_foreign(batch: RecordBatch, record: Record) -> Tweet:
    """The tweet in a record that another producer wrote; needs `texto` and `país` only."""
    if record.value is None:
        raise _NoTweetError("no value")
    try:
        submission: Any = msgspec.json.decode(record.value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _NoTweetError(f"not JSON: {error}") from None
    name = f"{batch.topic}/{batch.partition}/{record.offset}/{record.timestamp}"
    try:
        return from_submission(
            submission,
            at=min(max(record.timestamp, 0), _MAX_AT_MS),
            new_id=str(uuid.uuid5(_FOREIGN_IDS, name)),
        )
    except InvalidTweetError as error:
        raise _NoTweetError(str(error)) from None
