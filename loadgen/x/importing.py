"""Takes real tweets over into the mission's format: only original ones whose country is known."""

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

import msgspec

from loadgen.x import pages
from loadgen.x.nearest import country_of
from loadgen.x.posts import Place, Post
from weather_tweets.countries import UNKNOWN, Country
from weather_tweets.places import in_profile, resolve
from weather_tweets.tweet import MAX_TEXT_CHARACTERS

_LINK = re.compile(r"https?://\S+|www\.\S+")
# Not in the middle of a word: an address of mail is no handle.
_HANDLE = re.compile(r"(?<!\w)@\w{1,30}:?")
_BLANKS = re.compile(r"[ \t]+")
# What the gateway refuses: control characters but tab and line ends.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0d\x0e-\x1f\x7f-\x9f]")


class ImportedTweet(msgspec.Struct, rename={"text": "texto", "country": "país"}, omit_defaults=True):
    """A tweet of the file: the mission's keys; `hora` is ISO 8601, as X gave it."""

    text: str
    country: str
    codigo: str
    idioma: str | None = None
    hora: str | None = None


class Reason(StrEnum):
    """Why a post is left out."""

    RETWEET = "retweet"
    SAME_ID = "same id as another"
    SAME_TEXT = "same text as another"
    EMPTY = "nothing left of the text"
    NOWHERE = "no place, point or profile"
    UNKNOWN_PLACE = "place not understood"


@dataclass
class Count:
    """What became of the posts that were read: all of them are kept or left out."""

    read: int = 0
    kept: int = 0
    left_out: Counter[Reason] = field(default_factory=Counter)
    by_country: Counter[str] = field(default_factory=Counter)


def take_over(
    paths: list[Path],
    *,
    clean: bool,
    count: Count,
    warn: Callable[[str], None] = lambda _: None,
    leave_out: Callable[[Reason, Post], None] = lambda _, __: None,
) -> list[ImportedTweet]:
    """The tweets of the files in the order of their times. Raises `FileError`.

    `clean` removes handles and links. `count` says what became of the posts, `leave_out` is told of each that
    is left out, `warn` of what is odd in the files.
    """
    archive = pages.read(paths, warn)
    tweets = []
    ids: set[str] = set()
    texts: set[str] = set()
    for post in archive.posts:
        count.read += 1
        text = cleaned(post.text, without_names=clean)
        reason, country = _judged(post, text, ids, texts, archive)
        ids.add(post.id)
        if reason:
            count.left_out[reason] += 1
            leave_out(reason, post)
            continue
        count.kept += 1
        count.by_country[country.name] += 1
        texts.add(text)
        tweets.append(
            ImportedTweet(text, country.name, country.code, _language(post.lang), post.created_at or None)
        )
    return sorted(tweets, key=_time)


def _judged(
    post: Post, text: str, ids: set[str], texts: set[str], archive: pages.Archive
) -> tuple[Reason | None, Country]:
    """Why the post is left out, if it is, and its country."""
    if post.is_retweet:
        return Reason.RETWEET, UNKNOWN
    if post.id in ids:
        return Reason.SAME_ID, UNKNOWN
    if text in texts:
        return Reason.SAME_TEXT, UNKNOWN
    if not text:
        return Reason.EMPTY, UNKNOWN
    place = post.place or archive.places.get(post.place_id)
    location = post.location or archive.locations.get(post.author_id, "")
    country = _country(place, post.point, location)
    if country is not UNKNOWN:
        return None, country
    return (Reason.UNKNOWN_PLACE if place or post.point or location else Reason.NOWHERE), UNKNOWN


def _country(place: Place | None, point: tuple[float, float] | None, location: str) -> Country:
    """By the place that a post has, else by its point, else by its author's profile."""
    found = UNKNOWN
    if place:
        found = resolve(place.country_code)
        found = resolve(place.country) if found is UNKNOWN else found
        found = in_profile(place.name) if found is UNKNOWN else found
    if found is UNKNOWN and point:
        found = country_of(*point)
    return in_profile(location) if found is UNKNOWN else found


def cleaned(text: str, *, without_names: bool) -> str:
    """The text as the gateway takes it: no HTML entities, no control characters, not too long."""
    text = unicodedata.normalize("NFC", html.unescape(text))
    if without_names:
        text = _HANDLE.sub("", _LINK.sub("", text))
    text = _BLANKS.sub(" ", _FORBIDDEN.sub("", text))
    return "\n".join(line.strip() for line in text.splitlines()).strip()[:MAX_TEXT_CHARACTERS]


def _language(lang: str) -> str | None:
    # X's codes that are no language: und, zxx, qme, qht …
    return lang if lang and lang != "und" and not lang.startswith(("q", "zxx")) else None


def _time(tweet: ImportedTweet) -> float:
    try:
        return datetime.fromisoformat(tweet.hora or "").timestamp()
    except ValueError:
        return 0.0
