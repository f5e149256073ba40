"""Letters as `--json` has them."""

from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from operations.dead.histogram import Bar
from operations.dead.letters import Letter
from operations.dead.selection import state
from operations.dead.settling import Decision
from streams.decoding import NoTweetError


def letter(letter: Letter, decisions: Mapping[str, Decision]) -> dict[str, Any]:
    """As it was, why it was refused, what became of it, and what would become of it today."""
    origin, decided = letter.origin, decisions.get(letter.identity)
    return {
        "id": letter.id,
        "state": state(letter, decisions),
        "reason": origin.reason,
        "exception": origin.exception,
        "refused_at": moment(letter.timestamp),
        "topic": origin.topic,
        "partition": origin.partition,
        "offset": origin.offset,
        "key": None if letter.key is None else content(letter.key),
        "value": content(letter.value),
        "bytes": origin.cut_from_bytes or len(letter.value),
        "headers": [[name, content(of)] for name, of in letter.headers],
        "today": today(letter),
        **({"decision": {**msgspec.to_builtins(decided), "at": moment(decided.at)}} if decided else {}),
    }


def today(letter: Letter) -> dict[str, Any]:
    """`acceptable`, and the tweet that it is, or the reason why it is none."""
    try:
        tweet = letter.as_tweet()
    except NoTweetError as error:
        return {"acceptable": False, "reason": str(error)}
    return {"acceptable": True, "tweet": msgspec.to_builtins(tweet)}


def bar(bar: Bar) -> dict[str, Any]:
    return {
        "reason": bar.reason,
        "letters": bar.letters,
        "first": moment(bar.first),
        "last": moment(bar.last),
        "examples": [{"id": one.id, "value": content(one.value)} for one in bar.examples],
    }


def content(raw: bytes) -> str | dict[str, str]:
    """Text, or what is no UTF-8 under the key `base64`."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return {"base64": b64encode(raw).decode()}


def moment(milliseconds: int) -> str:
    """ISO 8601, UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds")
