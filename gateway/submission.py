"""What a client submits: from the bytes of a request to acceptable tweets."""

import re
import time
from typing import Any

import uuid_utils

from gateway import decoding
from gateway.problems import EXAMPLE, Problem
from weather_tweets.tweet import (
    MAX_TWEETS_PER_REQUEST,
    InvalidTweetError,
    Tweet,
    canonical_id,
    from_submission,
)

_new_id = uuid_utils.uuid7

KEY_HEADER = "Idempotency-Key"

# A string of RFC 8941, as draft-ietf-httpapi-idempotency-key-header has the key, and parameters after it.
_QUOTED_KEY = re.compile(r'"([^"\\]*)"\s*(?:;.*)?', re.ASCII)


def tweets(body: bytes, key: str | None, *, as_lines: bool = False) -> tuple[list[Tweet], bool]:
    """The tweets of a request's body, and whether there may be several.

    `key` is the value of the header `Idempotency-Key`, the id of a single tweet; `as_lines`: the body has one
    tweet a line. Raises `Problem`: 400 for what is not JSON, 422 for what is no acceptable tweet, with
    `field` and `index`.
    """
    submitted = decoding.lines(body) if as_lines else decoding.document(body)
    at = time.time_ns() // 1_000_000
    if type(submitted) is dict:
        try:
            return [_single(submitted, key, at)], False
        except InvalidTweetError as error:
            raise _unacceptable(error) from None
    if type(submitted) is not list:
        raise Problem(422, _object_instead_of(submitted))
    if key is not None:
        raise Problem(
            422,
            f"Send the header {KEY_HEADER} with a single tweet only; of several, give each its own id.",
            field=KEY_HEADER,
            tweets=max(1, len(submitted)),
        )
    count = len(submitted)
    if not 0 < count <= MAX_TWEETS_PER_REQUEST:
        raise Problem(
            422,
            f"Send 1 to {MAX_TWEETS_PER_REQUEST:,} tweets in a request, not {count:,}"
            + (f": {-(-count // MAX_TWEETS_PER_REQUEST):,} requests will do." if count else "."),
            tweets=max(1, count),
        )
    accepted: list[Tweet] = []
    try:
        for each in submitted:
            accepted.append(from_submission(each, at=at, new_id=str(_new_id())))  # noqa: PERF401
    except InvalidTweetError as error:
        raise _unacceptable(error, index=len(accepted), of=count) from None
    return accepted, True


def _single(submitted: dict[str, Any], key: str | None, at: int) -> Tweet:
    if key is None:
        return from_submission(submitted, at=at, new_id=str(_new_id()))
    key = key.strip()
    if quoted := _QUOTED_KEY.fullmatch(key):
        key = quoted[1]
    key = canonical_id(key, KEY_HEADER)
    tweet = from_submission(submitted, at=at, new_id=key)
    if tweet.id != key:
        raise InvalidTweetError(KEY_HEADER, "must be the same as the tweet's id, or one of them be left out")
    return tweet


def _object_instead_of(submitted: Any) -> str:
    if type(submitted) is str and submitted.lstrip()[:1] in ("{", "["):
        return "Send the JSON itself: the body is a string with JSON in it, encoded twice."
    return f"Send a JSON object, for instance {EXAMPLE}, or an array of up to {MAX_TWEETS_PER_REQUEST:,}."


def _unacceptable(error: InvalidTweetError, index: int | None = None, of: int = 1) -> Problem:
    where = "" if index is None else f"Tweet {index}: "
    # What is missing may be there by another name: an example says more.
    instead = f"; send for instance {EXAMPLE}" if error.reason == "is missing" else ""
    return Problem(422, f"{where}{error}{instead}.", field=error.field or None, index=index, tweets=of)
