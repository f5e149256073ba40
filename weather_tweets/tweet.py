"""The tweet: its shape on every wire, and what makes one acceptable."""

import re
import unicodedata
import uuid
from functools import lru_cache
from typing import Any

import msgspec

from weather_tweets import places
from weather_tweets.countries import UNKNOWN

MAX_TEXT_CHARACTERS = 4096
MAX_COUNTRY_CHARACTERS = 128
MAX_TWEETS_PER_REQUEST = 1000

# Everything of category Cc but tab, line feed and carriage return; lone surrogates cannot be encoded.
_FORBIDDEN_IN_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_FORBIDDEN_IN_COUNTRY = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")

# Sorting a run of combining marks takes quadratic time: a megabyte of them would keep a process busy for
# minutes. 30 in a row are allowed, as in the Stream-Safe Text Format (Unicode Standard Annex 15, section 13).
_MARKS = frozenset(
    chr(point)
    for point in range(0x300, 0x20000)
    if unicodedata.combining(unicodedata.normalize("NFD", chr(point))[0])
)
_MAX_MARKS = 30
_MARKS_IN_A_ROW = re.compile(f"[{''.join(sorted(_MARKS))}]{{{_MAX_MARKS + 1}}}")

# What is not seen: Default_Ignorable_Code_Point of the Unicode Character Database, and annotation's marks.
_UNSEEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e001f\U000e0080-\U000e0fff"
)
# Not seen by themselves, but the letters of a flag: England's would be nobody's without them.
_TAGS = "\U000e0020-\U000e007f"
_UNSEEN_IN_COUNTRY = re.compile(f"[{_UNSEEN}]+")
_SEEN = re.compile(rf"[^\s{_UNSEEN}{_TAGS}]")

_TEXT_KEYS = ("texto", "text")
_COUNTRY_KEYS = ("país", "pais", "country")
_LONGEST_KEY = 16


class Tweet(
    msgspec.Struct,
    rename={"text": "texto", "country": "país", "code": "codigo"},
    frozen=True,
    gc=False,
):
    """An accepted tweet; as JSON it is the record of Kafka's topic and of the live feed.

    `id` is a UUID in canonical form, `country` the canonical Spanish name (or the name as it was given, where
    nobody knows it), `code` the ISO 3166-1 alpha-2 code (`ZZ` for unknown), `at` the time of acceptance in
    milliseconds since the epoch.
    """

    id: str
    text: str
    country: str
    code: str
    at: int


class InvalidTweetError(ValueError):
    """What was submitted is no acceptable tweet; `field` names the offending key, `reason` says why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


encode = msgspec.json.Encoder().encode
"""A tweet, or a list of them, as UTF-8 JSON."""

decode_many = msgspec.json.Decoder(list[Tweet]).decode
"""A JSON array of accepted tweets; raises `msgspec.MsgspecError`."""


def from_submission(submission: Any, *, at: int, new_id: str) -> Tweet:
    """The tweet that a client submitted as a decoded JSON object.

    Takes `texto`/`text` and `país`/`pais`/`country` in any Unicode normal form, and an optional `id` (a UUID)
    that wins over `new_id`. Text and country are stored in NFC. Raises `InvalidTweetError`.
    """
    if type(submission) is not dict:
        raise InvalidTweetError("", "must be a JSON object with the keys texto and país")
    text = submission.get("texto")
    country = submission.get("país")
    if text is None or country is None:
        # Off the usual path: another spelling of the keys.
        keys = {
            unicodedata.normalize("NFC", key).strip().lower(): value
            for key, value in submission.items()
            if len(key) <= _LONGEST_KEY
        }
        text = next((keys[key] for key in _TEXT_KEYS if key in keys), None)
        country = next((keys[key] for key in _COUNTRY_KEYS if key in keys), None)
    text = acceptable_text(text)
    country = acceptable_country(country)
    own_id = submission.get("id")
    resolved = places.resolve(country)
    if resolved is not UNKNOWN:
        country = resolved.name
    return Tweet(new_id if own_id is None else canonical_id(own_id), text, country, resolved.code, at)


def acceptable_text(value: object) -> str:
    """A tweet's text in NFC. Raises `InvalidTweetError` if it is missing, too long or unprintable."""
    return _checked(value, "texto", MAX_TEXT_CHARACTERS, _FORBIDDEN_IN_TEXT)


def acceptable_country(value: object) -> str:
    """A country's name in NFC, known or not. Raises `InvalidTweetError` as `acceptable_text` does."""
    if type(value) is str:
        return _acceptable_name(value)
    return _checked(value, "país", MAX_COUNTRY_CHARACTERS, _FORBIDDEN_IN_COUNTRY)


@lru_cache(maxsize=8192)
def _acceptable_name(country: str) -> str:
    # The same few come again and again.
    return _UNSEEN_IN_COUNTRY.sub(
        "", _checked(country, "país", MAX_COUNTRY_CHARACTERS, _FORBIDDEN_IN_COUNTRY)
    )


is_canonical_id = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").fullmatch
"""Whether a string is a UUID in its canonical lower-case form."""


def canonical_id(value: Any, field: str = "id") -> str:
    """A UUID in its canonical lower-case form. Raises `InvalidTweetError` for anything else."""
    if not isinstance(value, str):
        raise InvalidTweetError(field, "must be a UUID as a string")
    if is_canonical_id(value):
        return value
    try:
        return str(uuid.UUID(value))
    except ValueError:
        raise InvalidTweetError(
            field, "must be a UUID, for instance 0198c2f4-8a51-7c3e-9d07-5b1f0e6a4c21"
        ) from None


def _checked(value: object, field: str, limit: int, forbidden: re.Pattern[str]) -> str:
    if value is None:
        raise InvalidTweetError(field, "is missing")
    if not isinstance(value, str):
        raise InvalidTweetError(field, "must be a string")
    # NFC makes nothing shorter than a quarter: what is longer is too long anyway.
    if not value.isascii() and len(value) <= 4 * limit:
        # So many in a row have one of them at some 31st place: hardly a text has to be searched.
        some = value[_MAX_MARKS :: _MAX_MARKS + 1]
        if not _MARKS.isdisjoint(some) and _MARKS_IN_A_ROW.search(value):
            raise InvalidTweetError(field, f"must not have more than {_MAX_MARKS} combining marks in a row")
        value = unicodedata.normalize("NFC", value)
    if len(value) > limit:
        raise InvalidTweetError(field, f"must have at most {limit:,} characters, not {len(value):,}")
    # What begins with a letter of ASCII need not be searched.
    if not "!" <= value[:1] <= "~" and _SEEN.search(value) is None:
        raise InvalidTweetError(field, "must not be empty")
    # What is printable has none of them, and that is found out in half the time.
    if not value.isprintable() and (found := forbidden.search(value)):
        raise InvalidTweetError(field, f"must not contain the control character U+{ord(found[0]):04X}")
    return value
