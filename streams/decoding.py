"""From a batch of raw records to tweets and dead letters. Never raises, whatever was written to the topic."""

import uuid
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec
from aiokafka.structs import ConsumerRecord

from streams.transport import RecordBatch
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


class DeadLetter(NamedTuple):
    """A record that is no tweet, as it was, and why."""

    offset: int
    key: bytes | None
    value: bytes | None
    reason: str


class Batch(NamedTuple):
    """A decoded batch: each of its records is one of `tweets` (at the offset of the same index) or `dead`."""

    topic: str
    partition: int
    start: int
    last: int
    tweets: Sequence[Tweet]
    offsets: Sequence[int]
    dead: Sequence[DeadLetter]

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
    decode_own = msgspec.json.Decoder(Tweet).decode
    codes = countries.by_code()

    def decode(records: RecordBatch) -> Batch:
        tweets: list[Tweet] = []
        offsets: list[int] = []
        dead: list[DeadLetter] = []
        add_tweet, add_offset = tweets.append, offsets.append
        for record in records:
            try:
                tweet = decode_own(record.value)
                ours = (
                    tweet.code in codes
                    and len(tweet.id) == _UUID_CHARACTERS
                    and len(tweet.text) <= MAX_TEXT_CHARACTERS
                    and len(tweet.country) <= MAX_COUNTRY_CHARACTERS
                    and 0 <= tweet.at <= _MAX_AT_MS
                )
            except (msgspec.MsgspecError, UnicodeDecodeError, TypeError):
                ours = False
            if not ours:
                try:
                    tweet = _from_foreign(record)
                except _NoTweetError as error:
                    dead.append(DeadLetter(record.offset, record.key, record.value, str(error)))
                    continue
            add_tweet(tweet)
            add_offset(record.offset)
        first = records[0]
        return Batch(first.topic, first.partition, records.start, records.last, tweets, offsets, dead)

    return decode


class _NoTweetError(ValueError):
    pass


def _from_foreign(record: ConsumerRecord[bytes | None, bytes | None]) -> Tweet:
    """The tweet in a record that another producer wrote; needs `texto` and `país` only."""
    if record.value is None:
        raise _NoTweetError("no value")
    try:
        submission: Any = msgspec.json.decode(record.value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _NoTweetError(f"not JSON: {error}") from None
    name = f"{record.topic}/{record.partition}/{record.offset}/{record.timestamp}"
    try:
        return from_submission(
            submission,
            at=min(max(record.timestamp, 0), _MAX_AT_MS),
            new_id=str(uuid.uuid5(_FOREIGN_IDS, name)),
        )
    except InvalidTweetError as error:
        raise _NoTweetError(str(error)) from None
