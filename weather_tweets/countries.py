"""The countries that tweets are counted by: ISO 3166-1 codes with the Spanish names shown for them.

Which of them a text means is told by `weather_tweets.places`.
"""

from functools import cache
from importlib.resources import files
from typing import NamedTuple


class Country(NamedTuple):
    """An ISO 3166-1 alpha-2 code (`XK` for Kosovo, as the CLDR has it) and the Spanish name shown for it."""

    code: str
    name: str


UNKNOWN = Country("ZZ", "Desconocido")


@cache
def by_code() -> dict[str, Country]:
    """All countries by their alpha-2 code, with `UNKNOWN` under its own."""
    lines = files(__package__).joinpath("countries.tsv").read_text("utf-8").splitlines()
    known = [Country(*line.split("\t")) for line in lines]
    return {country.code: country for country in (*known, UNKNOWN)}
