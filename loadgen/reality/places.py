"""Countries as places where people post: how many they are, their clocks, languages and climate."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from babel.core import get_global

from weather_tweets import countries

# Share of people to whom a language counts as theirs to post in, by what the CLDR says of its status. Without
# it, half of Germany would tweet in English: the CLDR counts everybody who can speak a language.
_STATUS_WEIGHT = {"official": 1.0, "de_facto_official": 1.0, "official_regional": 0.3}
_NO_STATUS_WEIGHT = 0.05
_OF_THE_WHOLE_COUNTRY = frozenset({"official", "de_facto_official"})
# Spoken, but hardly written.
_WRITTEN_AS = {"gsw": "de"}
# What the CLDR counts, but people there hardly tweet in any more.
_LEFT_OUT = frozenset({("UA", "ru")})
FALLBACK_LANGUAGE = "en"


@dataclass(frozen=True)
class Climate:
    """Monthly means where people live, January first; see `climate.csv` for units and source."""

    temperature: tuple[float, ...]
    range: tuple[float, ...]
    rain: tuple[float, ...]
    wet_days: tuple[float, ...]
    sunshine: tuple[float, ...]
    wind: tuple[float, ...]


@dataclass(frozen=True)
class City:
    """A city that tweets name: its people, clock and climate; `names` as they are written there."""

    country: str
    population: int
    zone: ZoneInfo
    names: tuple[str, ...]
    climate: Climate


@dataclass(frozen=True)
class Place:
    """A country with what is known of the people who post there."""

    country: countries.Country
    population: int
    internet_percent: float | None
    x_users: float | None
    blocked: bool
    zones: tuple[tuple[ZoneInfo, float], ...]
    climate: Climate

    def languages(self, known: frozenset[str]) -> dict[str, float]:
        """Weights of the languages among `known` that people write in there, from the CLDR's numbers.

        Where a language of the whole country is not known, those who speak it write in English.
        """
        weights: dict[str, float] = {}
        spoken = get_global("territory_languages").get(self.country.code, {})
        for locale, details in spoken.items():
            language = _WRITTEN_AS.get(locale, locale.partition("_")[0])
            status = details["official_status"]
            if (self.country.code, language) in _LEFT_OUT:
                continue
            if language not in known:
                if status not in _OF_THE_WHOLE_COUNTRY:
                    continue
                language = FALLBACK_LANGUAGE
            weight = details["population_percent"] * _STATUS_WEIGHT.get(status, _NO_STATUS_WEIGHT)
            weights[language] = weights.get(language, 0.0) + weight
        return weights or {FALLBACK_LANGUAGE: 1.0}


@cache
def all_places() -> tuple[Place, ...]:
    """Every country that has numbers and a climate, by code."""
    climates = {row["code"]: _climate(row) for row in _rows("climate.csv")}
    known = countries.by_code()
    return tuple(
        Place(
            country=known[row["code"]],
            population=int(row["population"]),
            internet_percent=float(row["internet_percent"]) if row["internet_percent"] else None,
            x_users=float(row["x_users_millions"]) * 1e6 if row["x_users_millions"] else None,
            blocked=row["blocked"] == "1",
            zones=tuple(_zone(text) for text in row["time_zones"].split()),
            climate=climates[row["code"]],
        )
        for row in _rows("countries.csv")
    )


@cache
def all_cities() -> tuple[City, ...]:
    """Every city that a grammar names, by country, the largest first."""
    return tuple(
        City(
            country=row["country"],
            population=int(row["population"]),
            zone=ZoneInfo(row["time_zone"]),
            names=tuple(row["names"].split("|")),
            climate=_climate(row),
        )
        for row in _rows("cities.csv")
    )


def _climate(row: dict[str, str]) -> Climate:
    return Climate(*(tuple(map(float, row[field.name].split())) for field in fields(Climate)))


def _zone(text: str) -> tuple[ZoneInfo, float]:
    name, _, percent = text.rpartition(":")
    return ZoneInfo(name), float(percent)


def _rows(name: str) -> Iterable[dict[str, str]]:
    text = files(__package__).joinpath(name).read_text("utf-8")
    return csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
