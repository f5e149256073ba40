"""What X's API v2 gives: posts with the places and users that they refer to.

Read are pages as the search endpoints answer (`{"data": […], "includes": {…}}`), several of them one after
the other or in an array, and JSON lines of single posts, as the streams give them (`{"data": {…},
"includes": {…}}`) or with `includes` among the post's own keys. What else is there is ignored.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec


class Reference(msgspec.Struct):
    """A post that a post refers to; `type` is retweeted, quoted or replied_to."""

    type: str


class Geo(msgspec.Struct):
    """Where a post says that it was sent from."""

    place_id: str | None = None


class Note(msgspec.Struct):
    """The whole text of a post that is longer than 280 characters."""

    text: str | None = None


class Place(msgspec.Struct):
    """A place, with its country's code (ISO 3166-1) and name."""

    id: str
    country: str | None = None
    country_code: str | None = None


class User(msgspec.Struct):
    """Somebody who posts; `location` is what they wrote into their profile."""

    id: str
    location: str | None = None


class Includes(msgspec.Struct):
    """What the posts of a page refer to."""

    places: list[Place] = []
    users: list[User] = []


class Post(msgspec.Struct):
    """A tweet, as the API calls it."""

    id: str
    text: str
    author_id: str | None = None
    created_at: str | None = None
    lang: str | None = None
    geo: Geo | None = None
    note_tweet: Note | None = None
    referenced_tweets: list[Reference] = []
    includes: Includes | None = None

    @property
    def whole_text(self) -> str:
        """The text, also where it is too long for the usual field."""
        return (self.note_tweet and self.note_tweet.text) or self.text

    @property
    def is_retweet(self) -> bool:
        """It says nothing of its own."""
        retweeted = any(reference.type == "retweeted" for reference in self.referenced_tweets)
        return retweeted or self.text.startswith("RT @")


class Page(msgspec.Struct):
    """Posts, one or many, and what they refer to."""

    data: list[Post] | Post | None = None
    includes: Includes = msgspec.field(default_factory=Includes)


class PageError(ValueError):
    """A file is not what X's API gives, and where."""


def read(path: Path) -> Iterator[tuple[Post, dict[str, Place], dict[str, User]]]:
    """Every post of a file, with the places and users known to it, by id. Raises `PageError`, `OSError`."""
    for where, raw in _documents(path):
        try:
            page = _page(raw)
        except msgspec.ValidationError as error:
            raise PageError(f"{path}, {where}: {error}") from None
        places = {place.id: place for place in page.includes.places}
        users = {user.id: user for user in page.includes.users}
        posts = page.data if isinstance(page.data, list) else [page.data] if page.data else []
        for post in posts:
            if post.includes:
                places |= {place.id: place for place in post.includes.places}
                users |= {user.id: user for user in post.includes.users}
            yield post, places, users


def _page(raw: Any) -> Page:
    if isinstance(raw, dict) and "text" in raw and "data" not in raw:
        return Page(data=msgspec.convert(raw, Post))
    return msgspec.convert(raw, Page)


def _documents(path: Path) -> Iterator[tuple[str, Any]]:
    """The JSON documents of a file: one, an array of them, or one a line."""
    content = path.read_bytes()
    try:
        whole = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        for number, line in enumerate(content.splitlines(), start=1):
            if line.strip():
                try:
                    yield f"line {number}", msgspec.json.decode(line)
                except (msgspec.DecodeError, UnicodeDecodeError) as error:
                    raise PageError(f"{path}, line {number}: {error}") from None
        return
    if isinstance(whole, list):
        for number, document in enumerate(whole):
            yield f"element {number}", document
    else:
        yield "the document", whole
