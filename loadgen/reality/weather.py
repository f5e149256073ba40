"""What weather somebody has, drawn from the climate of the place, the month and the hour.

A day is wet with the climate's frequency of wet days; how hard it rains follows from the rain of a wet day;
the temperature is the month's mean with the daily range and a day-to-day spread. What is neither wet nor
striking is sun or cloud by the climate's sunshine. So the kinds follow the climate by construction.
"""

import math
import random
from calendar import monthrange
from typing import NamedTuple

from loadgen.reality.places import Climate

RAIN, DRIZZLE, STORM, SNOW = "rain", "drizzle", "storm", "snow"
SUN, HEAT, COLD, CLOUDS, WIND, FOG = "sun", "heat", "cold", "clouds", "wind", "fog"
HUMID, PLEASANT, CLEAR_NIGHT = "humid", "pleasant", "clear_night"
PRECIPITATION = frozenset({RAIN, DRIZZLE, STORM, SNOW})
KINDS = (RAIN, DRIZZLE, STORM, SNOW, SUN, HEAT, COLD, CLOUDS, WIND, FOG, HUMID, PLEASANT, CLEAR_NIGHT)

# On a wet day it does not rain all day: the part of its tweets that are about rain or snow.
WET_DAY_PART = 0.75
DAYLIGHT = range(7, 19)
HOTTEST_HOUR = 15
_ANY_YEAR = 2026


class Weather(NamedTuple):
    """A kind of weather (one of `KINDS`) and the temperature in degrees Celsius."""

    kind: str
    celsius: float


def precipitation_share(climate: Climate, month: int) -> float:
    """The part of tweets from there in this month (1 … 12) that are about rain or snow."""
    days = monthrange(_ANY_YEAR, month)[1]
    return min(1.0, climate.wet_days[month - 1] / days) * WET_DAY_PART


def draw(rng: random.Random, climate: Climate, month: int, hour: int) -> Weather:
    """The weather that somebody there writes about in this month (1 … 12) at this local hour."""
    m = month - 1
    coldest, hottest = min(climate.temperature), max(climate.temperature)
    # Days differ more where seasons do: about 1.5 degrees in the tropics, 5 on the steppe.
    spread = min(5.0, 1.5 + 0.12 * (hottest - coldest))
    daily = climate.range[m] / 2 * math.cos((hour - HOTTEST_HOUR) / 24 * 2 * math.pi)
    celsius = rng.gauss(climate.temperature[m], spread) + daily
    if rng.random() < precipitation_share(climate, month):
        return Weather(_wet_kind(rng, climate, m, celsius), celsius)
    return Weather(_dry_kind(rng, climate, m, hour, celsius), celsius)


def _wet_kind(rng: random.Random, climate: Climate, m: int, celsius: float) -> str:
    if celsius < 0.5 or (celsius < 2.0 and rng.random() < 0.5):
        return SNOW
    millimetres_a_wet_day = climate.rain[m] / max(1.0, climate.wet_days[m])
    # Thunderstorms need warmth and plenty of water.
    storm = 0.04 + min(0.3, millimetres_a_wet_day / 40) * min(1.0, max(0.0, (celsius - 8) / 14))
    drizzle = max(0.1, 0.45 - millimetres_a_wet_day / 20)
    draw = rng.random()
    if draw < storm:
        return STORM
    return DRIZZLE if draw < storm + drizzle else RAIN


def _dry_kind(rng: random.Random, climate: Climate, m: int, hour: int, celsius: float) -> str:
    sunny = climate.sunshine[m] / 100
    yearly = sum(climate.temperature) / 12
    # Who lives in the heat calls cold what others call mild, and the other way round.
    cold_below = 8 + 0.3 * max(0.0, yearly - 12)
    hot_above = 25 + 0.3 * max(0.0, yearly - 12)
    damp = climate.wet_days[m] / 30
    day = hour in DAYLIGHT
    weights = {
        SUN: sunny if day else 0.0,
        CLEAR_NIGHT: 0.0 if day else 0.6 * sunny,
        CLOUDS: 0.9 * (1 - sunny),
        HEAT: min(2.0, max(0.0, (celsius - hot_above) / 4)),
        COLD: min(2.0, max(0.0, (cold_below - celsius) / 5)),
        WIND: min(0.6, max(0.03, (climate.wind[m] - 3.0) / 7)),
        FOG: 0.25 * damp if hour < 10 and celsius < 16 else 0.01,
        HUMID: 0.5 * damp if celsius > 24 else 0.0,
        PLEASANT: 0.4 if 15 <= celsius <= 25 else 0.0,
    }
    return rng.choices(tuple(weights), tuple(weights.values()))[0]
