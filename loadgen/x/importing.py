"""Takes real tweets over into the mission's format: only original ones whose country is known."""

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec

from loadgen.x import pages
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


@dataclass
class Count:
    """What became of the posts that were read; all of them are in one of the other numbers."""

    read: int = 0
    kept: int = 0
    retweets: int = 0
    duplicates: int = 0
    without_country: int = 0
    empty: int = 0
    by_country: dict[str, int] = field(default_factory=dict)


def take_over(paths: Iterable[Path], *, clean: bool, count: Count) -> list[ImportedTweet]:
    """The tweets of the files in the order of their times. Raises `pages.PageError` and `OSError`.

    `clean` removes handles and links. Left out, and counted in `count`, are retweets, tweets with an id or a
    text that was there before, tweets without a country, and those of which nothing remains.
    """
    return sorted(_tweets(paths, clean, count), key=_time)


def _tweets(paths: Iterable[Path], clean: bool, count: Count) -> Iterator[ImportedTweet]:
    ids: set[str] = set()
    texts: set[str] = set()
    for path in paths:
        for post, places, users in pages.read(path):
            count.read += 1
            text = cleaned(post.whole_text, without_names=clean)
            if post.is_retweet:
                count.retweets += 1
            elif post.id in ids or text in texts:
                count.duplicates += 1
            elif not text:
                count.empty += 1
            elif (country := _country(post, places, users)) is UNKNOWN:
                count.without_country += 1
            else:
                count.kept += 1
                count.by_country[country.name] = count.by_country.get(country.name, 0) + 1
                texts.add(text)
                yield ImportedTweet(text, country.name, country.code, _language(post.lang), post.created_at)
            ids.add(post.id)


def cleaned(text: str, *, without_names: bool) -> str:
    """The text as the gateway takes it: no HTML entities, no control characters, not too long."""
    text = unicodedata.normalize("NFC", html.unescape(text))
    if without_names:
        text = _HANDLE.sub("", _LINK.sub("", text))
    text = _BLANKS.sub(" ", _FORBIDDEN.sub("", text))
    return "\n".join(line.strip() for line in text.splitlines()).strip()[:MAX_TEXT_CHARACTERS]


def _country(post: pages.Post, places: dict[str, pages.Place], users: dict[str, pages.User]) -> Country:
    place = places.get(post.geo.place_id or "") if post.geo else None
    if place:
        found = resolve(place.country_code or place.country or "")
        if found is UNKNOWN:
            found = resolve(place.country or "")
        if found is not UNKNOWN:
            return found
    user = users.get(post.author_id or "")
    return in_profile((user.location if user else None) or "")


def _language(lang: str | None) -> str | None:
    # X's codes that are no language: und, zxx, qme, qht …
    return lang if lang and lang != "und" and not lang.startswith(("q", "zxx")) else None


def _time(tweet: ImportedTweet) -> float:
    try:
        return datetime.fromisoformat(tweet.hora or "").timestamp()
    except ValueError:
        return 0.0
