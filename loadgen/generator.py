"""Synthetic tweets about the weather: where, when and how long like the real ones, in many languages.

The same number and seed give the same tweets, byte for byte, on every machine.
"""

import itertools
import math
import random
from bisect import bisect
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import msgspec

from loadgen import grammar
from loadgen.grammar import Situation, capitalized, uncapitalized
from loadgen.reality import rhythm, volume, weather
from loadgen.reality.places import City, Climate, all_cities, all_places
from weather_tweets.countries import Country

# Raised with every change of what is generated, so that a file kept from before is not taken for a new one.
VERSION = 4
DEFAULT_START = date(2026, 6, 1)
DEFAULT_DAYS = 7

# Lengths of tweets: median 62 characters, mean 68, with a long tail (4 million tweets of 2009, Chang,
# Caverlee and Lee, as measured at rosschurchley.com/blog/tweet-lengths). X allows 280. Scripts that say
# more with a sign need fewer.
MEDIAN_CHARACTERS = 62
LENGTH_SIGMA = 0.5
MAX_CHARACTERS = 280
_DENSE_SCRIPTS = {"ja": 0.42, "ko": 0.5, "ar": 0.8, "th": 0.8, "hi": 0.95}

_EMOJI = {
    weather.RAIN: ("🌧️", "☔", "💦", "🌂", "☔️☔️"),
    weather.DRIZZLE: ("🌦️", "☔", "💧", "🌂"),
    weather.STORM: ("⛈️", "🌩️", "⚡", "😱", "⚡⚡"),
    weather.SNOW: ("❄️", "☃️", "🌨️", "⛄", "❄️❄️"),
    weather.SUN: ("☀️", "😎", "🌞", "🌻", "☀️☀️"),
    weather.HEAT: ("🥵", "🔥", "😓", "☀️", "🥵🥵", "🫠"),
    weather.COLD: ("🥶", "🧣", "☕", "🧤", "🥶🥶"),
    weather.CLOUDS: ("☁️", "🌥️", "😴"),
    weather.WIND: ("💨", "🍃", "🌬️", "🌪️"),
    weather.FOG: ("🌫️", "👻", "👀"),
    weather.HUMID: ("💦", "😮‍💨", "🥵", "😩"),
    weather.PLEASANT: ("😊", "🌤️", "💛", "🙌", "😌"),
    weather.CLEAR_NIGHT: ("🌙", "✨", "🌕", "⭐"),
}
_MOODS = ("😂", "😅", "🙃", "😭", "🙏", "❤️", "😩", "👀", "🤷", "🙌")

EMOJI_PART, TAG_PART, OPENING_PART, FULL_STOP_PART = 0.38, 0.24, 0.12, 0.3
_TRIES = 30


class GeneratedTweet(msgspec.Struct, rename={"text": "texto", "country": "país"}):
    """A tweet of the file: the mission's keys, and what is known of it besides.

    `idioma` is its language (ISO 639-1), `hora` the local time (ISO 8601), `codigo` the ISO 3166-1 code,
    `clima` the kind of weather, `grados` the temperature in degrees Celsius.
    """

    text: str
    country: str
    codigo: str
    idioma: str
    hora: str
    clima: str
    grados: int


def generate(
    tweets: int, seed: int, *, start: date = DEFAULT_START, days: int = DEFAULT_DAYS
) -> Iterator[GeneratedTweet]:
    """`tweets` tweets in the order of their times, over `days` days from `start` (midnight UTC).

    No text comes twice as long as the grammar has others to offer.
    """
    rng = random.Random(seed)  # noqa: S311 (synthetic data, no secrets)
    posters = _Posters()
    posts = sorted((posters.draw(rng, start, days) for _ in range(tweets)), key=lambda post: post.order)
    seen: set[str] = set()
    for post in posts:
        drawn = weather.draw(rng, post.climate, post.when.month, post.when.hour)
        situation = Situation(
            country=post.country.code,
            city=post.city,
            weather=drawn,
            part=rhythm.part_of_day(post.when.hour),
            weekday=post.when.weekday(),
        )
        for _ in range(_TRIES):
            text = write(rng, post.language, situation)
            if text not in seen:
                break
        seen.add(text)
        yield GeneratedTweet(
            text=text,
            country=post.country.name,
            codigo=post.country.code,
            idioma=post.language,
            hora=post.when.isoformat(timespec="seconds"),
            clima=drawn.kind,
            grados=round(drawn.celsius),
        )


class _Post(NamedTuple):
    """Who posts when. `order` sorts posts: seconds since the epoch, and what settles the same second."""

    order: tuple[float, float]
    when: datetime
    country: Country
    language: str
    city: str | None
    climate: Climate


class _Posters:
    """Draws who posts: a country by its number of people, then language, city, hour and day."""

    def __init__(self) -> None:
        users = volume.users()
        self._places = all_places()
        self._place = _cumulated(users[place.country.code] for place in self._places)
        self._hour = _cumulated(rhythm.HOURLY_PERCENT)
        self._zone = [_cumulated(part for _, part in place.zones) for place in self._places]
        known = frozenset(grammar.LANGUAGES)
        languages = [place.languages(known) for place in self._places]
        self._languages = [tuple(found) for found in languages]
        self._language = [_cumulated(found.values()) for found in languages]
        self._cities = {language: _named_cities(language) for language in grammar.LANGUAGES}

    def draw(self, rng: random.Random, start: date, days: int) -> _Post:
        index = _pick(rng, self._place)
        place = self._places[index]
        language = self._languages[index][_pick(rng, self._language[index])]
        zone, climate, name = place.zones[_pick(rng, self._zone[index])][0], place.climate, None
        named = self._cities[language].get(place.country.code)
        if named:
            cities, weights = named
            city, names = cities[_pick(rng, weights)]
            zone, climate, name = city.zone, city.climate, rng.choice(names)
        seconds = int((_pick(rng, self._hour) + rng.random()) * 3600)
        when = datetime(start.year, start.month, start.day, tzinfo=zone)
        when += timedelta(days=rng.randrange(days), seconds=seconds)
        # Beyond the ends of the period by the clock of the world: the day at the other end is as good.
        first = datetime(start.year, start.month, start.day, tzinfo=UTC)
        if when < first:
            when += timedelta(days=days)
        elif when >= first + timedelta(days=days):
            when -= timedelta(days=days)
        return _Post((when.timestamp(), rng.random()), when, place.country, language, name, climate)


def _named_cities(language: str) -> dict[str, tuple[list[tuple[City, list[str]]], list[float]]]:
    """By country: the cities that the language's grammar names, how it does, and their cumulated people."""
    found: dict[str, list[tuple[City, list[str]]]] = {}
    written = grammar.load(language).cities
    for city in all_cities():
        names = [name for name in city.names if name in written.get(city.country, ())]
        if names:
            found.setdefault(city.country, []).append((city, names))
    return {
        country: (cities, _cumulated(city.population for city, _ in cities))
        for country, cities in found.items()
    }


def write(rng: random.Random, language: str, situation: Situation) -> str:
    """A tweet about the situation, as somebody who speaks that language might have typed it."""
    rules = grammar.load(language)
    kind = situation.weather.kind
    target = rng.lognormvariate(math.log(MEDIAN_CHARACTERS * _DENSE_SCRIPTS.get(language, 1.0)), LENGTH_SIGMA)

    sentences = [rules.sentence(rng, "says", kind, situation)]
    if target < len(sentences[0] or ""):
        # Brevity: the shorter of two.
        sentences.append(rules.sentence(rng, "says", kind, situation))
        sentences = [min((text for text in sentences if text), key=len)]
    length = len(sentences[0] or "")
    for key in (kind, "any", kind):
        if length >= 0.8 * target:
            break
        more = rules.sentence(rng, "reacts", key, situation)
        if more and more not in sentences:
            sentences.append(more)
            length += len(more) + 2
    opening = None
    if rng.random() < OPENING_PART:
        opening = rules.sentence(rng, "openings", rng.choice(("any", situation.part)), situation)
    body = _joined(rng, rules.joints, [sentence for sentence in sentences if sentence])
    text = _opened(opening, body, rules, situation)
    text = rules.noise.apply(rng, text)
    for suffix in _suffixes(rng, rules, kind, situation):
        if len(text) + len(suffix) + 1 <= MAX_CHARACTERS:
            text += f" {suffix}"
    return text


def _joined(rng: random.Random, joints: list[str], sentences: list[str]) -> str:
    text = sentences[0]
    for sentence in sentences[1:]:
        joint = rng.choice(joints)
        if text[-1] in "?!؟？！…。":
            joint = joint if joint.isspace() else " "
        text += joint + (uncapitalized(sentence) if joint == ", " else capitalized(sentence))
    if text[-1].isalnum() and joints[0].strip() and rng.random() < FULL_STOP_PART:
        text += joints[0].strip()
    return text


def _opened(opening: str | None, text: str, rules: grammar.Grammar, situation: Situation) -> str:
    if opening is None:
        return capitalized(text)
    # After a comma a small letter, but not for names, "I", or German, where it may be a noun.
    keeps = (situation.city, "I ", "I'm", "I've") if situation.city else ("I ", "I'm", "I've")
    if opening[-1].isalnum() or opening.endswith(","):
        if not text.startswith(keeps) and rules.language != "de":
            text = uncapitalized(text)
    else:
        text = capitalized(text)
    return opening + ("" if opening[-1] in "、。！" else " ") + text


def _suffixes(rng: random.Random, rules: grammar.Grammar, kind: str, situation: Situation) -> Iterator[str]:
    emoji = rng.random() < EMOJI_PART
    if emoji:
        yield rng.choice(_EMOJI[kind]) + (rng.choice(_MOODS) if rng.random() < 0.25 else "")
    if rng.random() < TAG_PART:
        first = rules.sentence(rng, "tags", rng.choice((kind, kind, "any")), situation)
        second = rules.sentence(rng, "tags", "any", situation) if rng.random() < 0.3 else None
        for tag in dict.fromkeys((first, second)):
            if tag:
                yield tag


def _cumulated(weights: Iterable[float]) -> list[float]:
    return list(itertools.accumulate(weights))


def _pick(rng: random.Random, cumulative: list[float]) -> int:
    return min(bisect(cumulative, rng.random() * cumulative[-1]), len(cumulative) - 1)
