"""Grammars: how people write about the weather, one TOML file a language.

A file has these sections; every text may have slots in braces.

- `weekdays`: Monday first. `joints`: what stands between two sentences.
- `degrees`, `degrees_below_zero`: how a temperature is written, with `{n}`.
- `[words]`: a slot's texts; a list, or lists by country with `other` for the rest.
- `[cities]`: names of places by country, for the slot `city`. A text with this slot is used where there are
  any.
- `[openings]`: what may come before, by part of the day, and `any`.
- `[says]`: sentences that stand by themselves, by kind of weather. `[reacts]`: sentences that may follow,
  and `any`.
- `[tags]`: hashtags. `[noise]`: how sloppily people type (see `noise.py`).

A text may begin with guards in angle brackets: parts of the day (`<morning,afternoon>`; `<day>` is both)
and of the week (`<workday>`, `<weekend>`, `<early>`: Monday to Wednesday). It is used only where all of
them hold. An opening that ends in a comma is followed by a small letter. `{slot:C}` begins with a capital.
Slots that the program fills in: `degrees`, `degrees_felt` (six more), `today` (the weekday), `country_tag`,
`city`. Whole sentences keep gender and number right: a slot stands only where all its texts fit.
"""

import random
import re
import tomllib
import unicodedata
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from babel import Locale

from loadgen.grammar.noise import Noise, lowered
from loadgen.reality import rhythm
from loadgen.reality.weather import Weather

LANGUAGES = ("es", "en", "pt", "fr", "de", "it", "ja", "ar", "hi", "id", "tr", "ko", "th", "nl", "ru")
_GUARD = re.compile(r"<([a-z,]+)> *")
_EARLY, _WORKDAYS = range(3), range(5)
_SLOT = re.compile(r"\{(\w+)(:C)?\}")
_FAHRENHEIT = frozenset({"US", "LR", "BS", "BZ", "KY", "PW", "FM", "MH", "PR", "GU", "VI"})
_FELT_DEGREES = 6


class Situation(NamedTuple):
    """What somebody writes about: where (`city` may be unknown), when and in what weather.

    `weekday` is 0 for Monday.
    """

    country: str
    city: str | None
    weather: Weather
    part: str
    weekday: int


class Grammar:
    """One language's sentences."""

    def __init__(self, language: str, source: dict[str, Any]) -> None:
        self.language = language
        self.joints: list[str] = source["joints"]
        self.noise = Noise(source.get("noise", {}))
        self._weekdays: list[str] = source["weekdays"]
        self._degrees: list[str] = source["degrees"]
        self._degrees_below: list[str] = source.get("degrees_below_zero", self._degrees)
        self._words: dict[str, Any] = source["words"]
        self.cities: dict[str, list[str]] = source["cities"]
        self._sections = {name: source[name] for name in ("openings", "says", "reacts", "tags")}
        self._usable: dict[tuple[str, str, str, int, bool], list[str]] = {}
        self._country_names = Locale(language).territories

    def sentence(self, rng: random.Random, section: str, key: str, situation: Situation) -> str | None:
        """A text of `[section]` under `key`, all its slots filled; None where none fits the situation."""
        texts = self.usable(section, key, situation)
        return self.fill(rng, rng.choice(texts), situation) if texts else None

    def usable(self, section: str, key: str, situation: Situation) -> list[str]:
        """The texts under `key` that fit the situation, without their guards."""
        case = (section, key, situation.part, situation.weekday, situation.city is not None)
        found = self._usable.get(case)
        if found is None:
            found = self._usable[case] = _fitting(self._sections[section].get(key, []), situation)
        return found

    def fill(self, rng: random.Random, text: str, situation: Situation) -> str:
        """The text with all its slots filled."""

        def value(match: re.Match[str]) -> str:
            filled = self._slot(rng, match[1], situation)
            return capitalized(filled) if match[2] else filled

        while "{" in text:
            text = _SLOT.sub(value, text)
        return text

    def _slot(self, rng: random.Random, name: str, situation: Situation) -> str:
        match name:
            case "city":
                return situation.city or ""
            case "degrees":
                return self._temperature(rng, situation.weather.celsius, situation.country)
            case "degrees_felt":
                return self._temperature(rng, situation.weather.celsius + _FELT_DEGREES, situation.country)
            case "today":
                return self._weekdays[situation.weekday]
            case "country_tag":
                # Marks stay: in Hindi and Thai they are vowels.
                name = self._country_names[situation.country]
                return "".join(sign for sign in name if unicodedata.category(sign)[0] in "LMN")
        case = (name, situation.country, situation.part, situation.weekday, situation.city is not None)
        found = self._usable.get(case)
        if found is None:
            texts = self._words[name]
            if isinstance(texts, dict):
                texts = texts.get(situation.country) or texts["other"]
            found = self._usable[case] = _fitting(texts, situation)
        return rng.choice(found)

    def _temperature(self, rng: random.Random, celsius: float, country: str) -> str:
        degrees = round(celsius * 9 / 5 + 32 if country in _FAHRENHEIT else celsius)
        if degrees < 0:
            return rng.choice(self._degrees_below).replace("{n}", str(-degrees))
        return rng.choice(self._degrees).replace("{n}", str(degrees))


def capitalized(text: str) -> str:
    """The text with its first letter a capital, whatever sign stands before it."""
    for position, character in enumerate(text):
        if character.isalpha():
            return text[:position] + character.upper() + text[position + 1 :]
        if character.isdigit():
            break
    return text


def uncapitalized(text: str) -> str:
    """The text with a small first letter."""
    return lowered(text[:1]) + text[1:]


def source(language: str) -> dict[str, Any]:
    """The file of one of `LANGUAGES`, as it is written."""
    return tomllib.loads(files(__package__).joinpath(f"{language}.toml").read_text("utf-8"))


@cache
def load(language: str) -> Grammar:
    """The grammar of one of `LANGUAGES`."""
    return Grammar(language, source(language))


def _fitting(texts: list[str], situation: Situation) -> list[str]:
    found = []
    for text in texts:
        fits = situation.city is not None or "{city}" not in text
        while fits and (guard := _GUARD.match(text)):
            fits = any(_holds(condition, situation) for condition in guard[1].split(","))
            text = text[guard.end() :]
        if fits:
            found.append(text)
    return found


def _holds(condition: str, situation: Situation) -> bool:
    match condition:
        case "day":
            return situation.part in (rhythm.MORNING, rhythm.AFTERNOON)
        case "early":
            return situation.weekday in _EARLY
        case "workday":
            return situation.weekday in _WORKDAYS
        case "weekend":
            return situation.weekday not in _WORKDAYS
    if condition not in rhythm.PARTS:
        raise ValueError(f"no such guard: {condition}")
    return condition == situation.part
