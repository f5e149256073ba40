"""From a tweet on the gRPC wire to a record of Kafka's topic."""

import time

import msgspec
import uuid_utils

from protos import tweets_pb2
from weather_tweets import countries
from weather_tweets.tweet import (
    InvalidTweetError,
    Tweet,
    acceptable_country,
    acceptable_text,
    encode,
    from_submission,
    is_canonical_id,
)

_CODES = frozenset(countries.by_code())
_MAX_TIME_MS = 253_402_300_799_999  # the last millisecond of the year 9999


Headers = list[tuple[str, bytes]]
"""aiokafka takes a list and nothing else."""
NO_HEADERS: Headers = []
"""The one that all records without headers share: never changed."""


class Record(msgspec.Struct, frozen=True, gc=False):
    """Key and value of a record; the tweet's own time is in the value only."""

    key: bytes
    value: bytes
    headers: Headers = NO_HEADERS


def record(tweet: tweets_pb2.Tweet, headers: Headers = NO_HEADERS) -> Record:
    """The record of a complete tweet, as the gateway sends it. Raises `InvalidTweetError`."""
    own_id = tweet.id
    if not is_canonical_id(own_id):
        raise InvalidTweetError("id", "must be a UUID in canonical form")
    code = tweet.country_code
    if code not in _CODES:
        raise InvalidTweetError("country_code", "must be an ISO 3166-1 alpha-2 code, or ZZ")
    at = _acceptable_time(tweet.accepted_at_ms)
    text = acceptable_text(tweet.text)
    country = acceptable_country(tweet.country)
    return Record(own_id.encode(), encode(Tweet(own_id, text, country, code, at)), headers)


def completed(tweet: tweets_pb2.Tweet) -> Record:
    """The record of a simple client's tweet: id, code and time are filled in where they are missing.

    Raises `InvalidTweetError`.
    """
    accepted = from_submission(
        {"texto": tweet.text, "país": tweet.country, "id": tweet.id or None},
        at=_acceptable_time(tweet.accepted_at_ms or int(time.time() * 1000)),
        new_id=str(uuid_utils.uuid7()),
    )
    return Record(accepted.id.encode(), encode(accepted))


def _acceptable_time(at: int) -> int:
    if not 0 < at <= _MAX_TIME_MS:
        raise InvalidTweetError("accepted_at_ms", "must be milliseconds since the epoch")
    return at
