"""A post in whatever shape it comes: of X's API v2, flattened by twarc, or of the API v1.1.

Null is as good as absent, ids may be numbers, and what is not needed may be anything.
"""

from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any


@dataclass(frozen=True)
class Place:
    """A place, with its country's code (ISO 3166-1) and name, and its own name."""

    country_code: str
    country: str
    name: str


@dataclass(frozen=True)
class Post:
    """A tweet, as the API calls it. Empty is what it does not say; `point` is latitude and longitude."""

    id: str
    text: str
    author_id: str
    created_at: str
    lang: str
    is_retweet: bool
    place_id: str
    place: Place | None
    point: tuple[float, float] | None
    location: str
    raw: dict[str, Any]


def is_post(raw: dict[str, Any]) -> bool:
    """Whether this is one at all: it says something, and has an id."""
    return bool(_text(raw)) and bool(_id(raw))


def post(raw: dict[str, Any]) -> Post:
    """The post that `is_post` has recognised."""
    text = _text(raw)
    geo = as_object(raw.get("geo"))
    author = as_object(raw.get("author")) or as_object(raw.get("user"))
    # Flattened, the place is what `geo` has become; in v1.1 it has a key of its own.
    place = place_of(as_object(raw.get("place"))) or place_of(geo)
    referred = [as_object(each).get("type") for each in as_list(raw.get("referenced_tweets"))]
    return Post(
        id=_id(raw),
        text=text,
        author_id=string(raw.get("author_id")) or string(author.get("id_str")) or string(author.get("id")),
        created_at=_time(string(raw.get("created_at"))),
        lang=string(raw.get("lang")),
        is_retweet="retweeted" in referred or bool(raw.get("retweeted_status")) or text.startswith("RT @"),
        place_id=string(geo.get("place_id")),
        place=place,
        point=_point(raw, geo),
        location=string(author.get("location")),
        raw=raw,
    )


def place_of(raw: dict[str, Any]) -> Place | None:
    """The place that an object of X describes, None if it does not say where it is."""
    place = Place(
        string(raw.get("country_code")),
        string(raw.get("country")),
        string(raw.get("full_name")) or string(raw.get("name")),
    )
    return place if any((place.country_code, place.country, place.name)) else None


def as_object(value: Any) -> dict[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """The value if it is a list, nothing for null, else a list of it alone."""
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def string(value: Any) -> str:
    """A string, also of a number; else an empty one."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def _id(raw: dict[str, Any]) -> str:
    # As a number it was rounded by whoever reads numbers as JavaScript does.
    return string(raw.get("id_str")) or string(raw.get("id"))


def _text(raw: dict[str, Any]) -> str:
    """The whole text, also where it is too long for the usual key."""
    return (
        string(as_object(raw.get("note_tweet")).get("text"))
        or string(as_object(raw.get("extended_tweet")).get("full_text"))
        or string(raw.get("full_text"))
        or string(raw.get("text"))
    )


def _point(raw: dict[str, Any], geo: dict[str, Any]) -> tuple[float, float] | None:
    # GeoJSON has the longitude first; only the `geo` of v1.1, which is none, has not.
    for point in (as_object(geo.get("coordinates")), as_object(raw.get("coordinates"))):
        if found := _pair(point.get("coordinates")):
            return found[1], found[0]
    return _pair(geo.get("coordinates"))


def _pair(value: Any) -> tuple[float, float] | None:
    if isinstance(value, list) and len(value) == 2 and all(isinstance(each, int | float) for each in value):
        return float(value[0]), float(value[1])
    return None


def _time(text: str) -> str:
    """The time in ISO 8601; v1.1 has it as `Wed Oct 10 20:19:24 +0000 2018`."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        try:
            return parsedate_to_datetime(text).isoformat()
        except ValueError:
            return ""
    return text
