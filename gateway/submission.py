"""What a client submits: from the bytes of a request to acceptable tweets."""

import time
from typing import Any

import msgspec
import uuid_utils

from gateway.problems import Problem
from weather_tweets.tweet import (
    MAX_TWEETS_PER_REQUEST,
    InvalidTweetError,
    Tweet,
    canonical_id,
    from_submission,
)

_decode = msgspec.json.Decoder().decode
_new_id = uuid_utils.uuid7

KEY_HEADER = "Idempotency-Key"


def require_json(content_type: str | None, content_encoding: str | None) -> None:
    """Raises a 415 `Problem` unless the body is plain JSON in UTF-8."""
    if content_encoding and content_encoding.strip().lower() != "identity":
        raise Problem(415, "The body must not be compressed.", headers={"Accept-Encoding": "identity"})
    media_type, _, parameters = (content_type or "").partition(";")
    if media_type.strip().lower() != "application/json":
        raise Problem(415, "The header Content-Type must be application/json.", headers=_ACCEPT)
    name, _, charset = parameters.strip().lower().partition("=")
    if name.strip() == "charset" and charset.strip(' "') not in ("utf-8", "utf8", "us-ascii"):
        raise Problem(415, "JSON is UTF-8.", headers=_ACCEPT)


_ACCEPT = {"Accept-Post": "application/json"}


def tweets(body: bytes, key: str | None) -> tuple[list[Tweet], bool]:
    """The tweets of a request's body, and whether it was an array.

    `key` is the value of the header `Idempotency-Key`, the id of a single tweet. Raises `Problem`: 400 for
    what is not JSON, 422 for what is no acceptable tweet, with `field` and `index`.
    """
    try:
        submitted = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(400, f"The body is not JSON: {_reason(error)}.") from None
    at = time.time_ns() // 1_000_000
    if type(submitted) is dict:
        try:
            return [_single(submitted, key, at)], False
        except InvalidTweetError as error:
            raise _unacceptable(error) from None
    if type(submitted) is not list:
        raise Problem(422, "The body must be a JSON object, or an array of them.")
    if key is not None:
        raise Problem(
            422,
            f"The header {KEY_HEADER} is for a single tweet; in an array each has its id.",
            field=KEY_HEADER,
        )
    if not 0 < len(submitted) <= MAX_TWEETS_PER_REQUEST:
        raise Problem(
            422, f"An array must have 1 to {MAX_TWEETS_PER_REQUEST:,} tweets, not {len(submitted):,}."
        )
    accepted: list[Tweet] = []
    try:
        for each in submitted:
            accepted.append(from_submission(each, at=at, new_id=str(_new_id())))  # noqa: PERF401
    except InvalidTweetError as error:
        raise _unacceptable(error, index=len(accepted)) from None
    return accepted, True


def _single(submitted: dict[str, Any], key: str | None, at: int) -> Tweet:
    if key is None:
        return from_submission(submitted, at=at, new_id=str(_new_id()))
    key = canonical_id(key.strip(), KEY_HEADER)
    tweet = from_submission(submitted, at=at, new_id=key)
    if tweet.id != key:
        raise InvalidTweetError(KEY_HEADER, "must be the same as the tweet's id, or one of them be left out")
    return tweet


def _unacceptable(error: InvalidTweetError, index: int | None = None) -> Problem:
    where = "" if index is None else f"Tweet {index}: "
    return Problem(422, f"{where}{error}.", field=error.field or None, index=index)


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"invalid UTF-8 at byte {error.start}"
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return str(error)
