"""Where a page of tweets ends, as a word that the next question bears."""

import base64
import binascii
import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_LONGEST = 128
_PLAIN = re.compile(r"(\d{1,15}) ([!-~]{0,64})")
_LAST_MS = 253_402_300_799_999
"""The last that a date can hold."""


class Position(NamedTuple):
    """Before it is what was accepted earlier, or at the same time with a lesser id."""

    at: datetime
    id: str


def write(position: Position) -> str:
    """The position as a word of letters, digits, `-` and `_`."""
    plain = f"{(position.at - _EPOCH) // _MILLISECOND} {position.id}"
    return base64.urlsafe_b64encode(plain.encode()).rstrip(b"=").decode()


def read(word: str) -> Position | None:
    """The position of a word that `write` made; None for any other."""
    if len(word) > _LONGEST or not word.isascii():
        return None
    try:
        plain = base64.b64decode(word + "=" * (-len(word) % 4), b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return None
    found = _PLAIN.fullmatch(plain)
    if not found or int(found[1]) > _LAST_MS:
        return None
    return Position(_EPOCH + int(found[1]) * _MILLISECOND, found[2])
