"""Tweets in a file, whatever its form: an array, an object a line, one object, an array within an object."""

import json
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from loadgen.documents import Documents, MalformedError, TooLongError
from loadgen.text_file import FileError, opened
from weather_tweets import places
from weather_tweets.countries import UNKNOWN
from weather_tweets.tweet import InvalidTweetError, acceptable_country, acceptable_text

_TEXT = ("texto", "text")
_COUNTRY = ("pais", "country")
_TIME = "hora"
# Objects of one file have few forms; one that has many is no reason to keep them all.
_MAX_FORMS = 1000
_KEYS_SHOWN = 8
_MAX_DEPTH = 100
_NO_OBJECT = 'here is no object with the keys "texto" and "país"'


class Entry(msgspec.Struct, rename={"text": "texto", "country": "país", "at": "hora"}, omit_defaults=True):
    """One tweet of a file; `at` is its ISO 8601 time, where the file has one."""

    text: str
    country: str
    at: str | None = None


class Keys(NamedTuple):
    """The keys of text and country, where a file has others than the mission's; "" is the mission's."""

    text: str = ""
    country: str = ""


MISSION_KEYS = Keys()


def entries(
    path: Path, keys: Keys = MISSION_KEYS, warn: Callable[[str], None] = lambda _: None
) -> Iterator[Entry]:
    """The tweets of a file, one by one, in bounded memory.

    Keys are the mission's in any case, with or without accents, in Spanish or English, unless `keys` says
    otherwise. Raises `FileError`; `warn` is told what the file is not, and was read all the same.
    """
    with opened(path, warn) as file:
        documents = Documents(file.read)
        search = _Search(documents, keys)
        try:
            yield from search.tweets()
        except MalformedError as error:
            raise FileError(f"{path}, {error}") from None
        if documents.is_loose:
            warn(f"{path} is not strictly JSON (a last comma, a comment, other quotes): read as JSON5")


class _Form(NamedTuple):
    """The keys that objects of one kind have for what is read."""

    text: str | None
    country: str | None
    at: str | None


class _Search:
    """Finds the tweets in a text, and remembers what was nearest to one where there are none."""

    def __init__(self, documents: Documents, keys: Keys) -> None:
        self._documents = documents
        self._text_keys = (_folded(keys.text),) if keys.text else _TEXT
        self._country_keys = (_folded(keys.country),) if keys.country else _COUNTRY
        self._forms: dict[tuple[str, ...], _Form] = {}
        self._nearest: MalformedError | None = None

    def tweets(self) -> Iterator[Entry]:
        """All of them. Raises `MalformedError`, also if there are none."""
        found = False
        for entry in self._sequence(self._top()):
            found = True
            yield entry
        if not found:
            raise self._nearest or MalformedError(self._documents.place, "there are no tweets in this file")

    def _top(self) -> Iterator[None]:
        documents = self._documents
        while character := documents.peek():
            if character == ",":
                # As between the elements of an array whose brackets are missing.
                documents.is_loose = True
                documents.skip()
            else:
                yield

    def _sequence(self, elements: Iterator[None], depth: int = 0) -> Iterator[Entry]:
        """The tweets among elements that are all tweets, or have some within, or are none of it."""
        found = False
        barren: MalformedError | None = None
        for _ in elements:
            entry, disappointment = self._look()
            if entry:
                found = True
                yield entry
            else:
                for within in self._walk(depth + 1):
                    found, disappointment = True, None
                    yield within
                barren = barren or disappointment
            if found and barren:
                raise barren
        self._nearest = self._nearest or barren

    def _walk(self, depth: int) -> Iterator[Entry]:
        """The tweets somewhere in the value that begins here, which is none itself."""
        documents = self._documents
        if depth > _MAX_DEPTH:
            raise MalformedError(documents.place, "this is nested too deeply to look for tweets")
        match documents.peek():
            case "[":
                yield from self._sequence(documents.elements(), depth)
            case "{":
                for _ in documents.members():
                    entry, _ = self._look()
                    if entry:
                        yield entry
                    else:
                        yield from self._walk(depth + 1)
            case _:
                documents.value()

    def _look(self) -> tuple[Entry | None, MalformedError | None]:
        """The tweet that begins here, or that there is none, and nothing is read."""
        documents = self._documents
        character = documents.peek()
        if character == "{":
            try:
                value = documents.value()
            except TooLongError:
                return None, None
            if entry := self._entry(value):
                return entry, None
            disappointment = self._no_tweet(value)
            documents.back()
            return None, disappointment
        # An array is as good as what is in it.
        return None, None if character == "[" else MalformedError(documents.place, _NO_OBJECT)

    def _entry(self, value: dict[str, Any]) -> Entry | None:
        form = self._form(value)
        if form.text is None or form.country is None:
            return None
        try:
            text = acceptable_text(value[form.text])
            country = acceptable_country(value[form.country])
        except InvalidTweetError as error:
            raise MalformedError(
                self._documents.value_place, f"{error}; mend this tweet or take it out"
            ) from None
        at = value[form.at] if form.at else None
        return Entry(text, country, at if isinstance(at, str) else None)

    def _form(self, value: dict[str, Any]) -> _Form:
        keys = tuple(value)
        form = self._forms.get(keys)
        if form is None:
            by_name = {_folded(key): key for key in reversed(keys)}
            form = _Form(
                next((by_name[name] for name in self._text_keys if name in by_name), None),
                next((by_name[name] for name in self._country_keys if name in by_name), None),
                by_name.get(_TIME),
            )
            if len(self._forms) >= _MAX_FORMS:
                self._forms.clear()
            self._forms[keys] = form
        return form

    def _no_tweet(self, value: dict[str, Any]) -> MalformedError:
        form = self._form(value)
        missing, proposals = [], []
        likely_country = _likely_country(value, form)
        likely_text = _likely_text(value, form, likely_country)
        if form.text is None:
            missing.append(f'text (key "{self._text_keys[0]}")')
            proposals += [f"--text-key {_quoted(likely_text)}"] if likely_text else []
        if form.country is None:
            missing.append(
                f'country (key "{"país" if self._country_keys is _COUNTRY else self._country_keys[0]}")'
            )
            proposals += [f"--country-key {_quoted(likely_country)}"] if likely_country else []
        has = ", ".join(f'"{key}"' for key in list(value)[:_KEYS_SHOWN]) or "none"
        if "author_id" in value or "id_str" in value:
            proposals = ["python -m loadgen import-x, which takes posts of X over"]
        advice = f"; try {' '.join(proposals)}" if proposals else ""
        return MalformedError(
            self._documents.value_place,
            f"this tweet has no {' and no '.join(missing)}; its keys are {has}{advice}",
        )


def _likely_country(value: dict[str, Any], form: _Form) -> str | None:
    """The key whose value is a country's name."""
    if form.country is not None:
        return form.country
    names = (key for key, each in value.items() if isinstance(each, str) and key != form.text)
    return next((key for key in names if places.resolve(value[key]) is not UNKNOWN), None)


def _likely_text(value: dict[str, Any], form: _Form, country: str | None) -> str | None:
    """The key whose value is the longest text."""
    texts = [key for key, each in value.items() if isinstance(each, str) and each and key != country]
    return form.text or max(texts, key=lambda key: len(value[key]), default=None)


def _quoted(key: str) -> str:
    return key if key.isidentifier() else json.dumps(key, ensure_ascii=False)


def _folded(key: str) -> str:
    letters = unicodedata.normalize("NFKD", key)
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).casefold().strip()
