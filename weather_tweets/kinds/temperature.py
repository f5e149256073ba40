"""Temperatures: the number beside a unit, and which weather it is."""

import re

from weather_tweets.kinds.lexicon import Role

# What people call hot and cold when they bother to give the number.
_HOT_CELSIUS, _COLD_CELSIUS = 30.0, 5.0
# Beyond these, and the oven's 180 degrees and the turn by 360 are, nobody lives to tweet.
_HIGHEST_CELSIUS, _LOWEST_CELSIUS = 58.0, -75.0
# "38 degrees" is hot in London and chilly in New York. From here on it is the one or the other.
_SURELY_CELSIUS, _SURELY_FAHRENHEIT = 34.0, 60.0
_LONGEST_NUMBER = 8

_BEFORE = re.compile(r"(?:(?<!\w)([-−–])|(?<![\d.,])\+?)(\d{1,3}(?:[.,]\d)?) ?$")
_AFTER = re.compile(r" ?(\d{1,2})(?!\d|[.,:/]\d| ?%)")


def before(text: str, unit_at: int, role: Role, minus_ends: int = -1) -> str | None:
    """The kind that the number before the unit at `unit_at` speaks of; None if there is none.

    `minus_ends` is where the last word for "minus" ended: a number right behind it is below zero.
    """
    window = max(0, unit_at - _LONGEST_NUMBER)
    match = _BEFORE.search(text[window:unit_at])
    if match is None:
        return None
    sign, number = match.groups()
    degrees = float(number.replace(",", "."))
    if sign or 0 <= window + match.start(2) - minus_ends <= 1:
        degrees = -degrees
    if role is Role.DEGREES:
        if _COLD_CELSIUS < degrees < _SURELY_CELSIUS:
            return None
        role = Role.FAHRENHEIT if degrees >= _SURELY_FAHRENHEIT else Role.CELSIUS
    if role is Role.FAHRENHEIT:
        degrees = (degrees - 32) / 1.8
    if not _LOWEST_CELSIUS <= degrees <= _HIGHEST_CELSIUS:
        return None
    return "heat" if degrees >= _HOT_CELSIUS else "cold" if degrees <= _COLD_CELSIUS else None


def below_zero(text: str, minus_ends: int) -> bool:
    """Whether a number follows that a temperature below zero can be."""
    return _AFTER.match(text, minus_ends) is not None
