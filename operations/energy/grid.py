"""How much CO2e a kilowatt-hour carries, country by country."""

import csv
from functools import cache
from importlib import resources
from typing import NamedTuple

from weather_tweets import countries, places

SOURCE = (
    "codecarbon 3.3.2, global_energy_mix.json (MIT, © 2019 Mila, BCG Gamma, CometML, Haverford College, "
    "© 2023 Code Carbon NGO), yearly averages after Our World in Data (CC BY 4.0); the world's: IEA, 2019"
)


class GridIntensity(NamedTuple):
    """Average CO2e of the electricity of a country in grams per kilowatt-hour, over a whole year."""

    code: str
    name: str
    gco2e_per_kwh: float
    year: int


WORLD = GridIntensity("", "Mundo", 475.0, 2019)
"""The world's average."""


class UnknownGridError(LookupError):
    """Nothing is known about that country's electricity."""


def of_country(name: str) -> GridIntensity:
    """A country's grid by any of its names or codes. Raises `UnknownGridError`."""
    code = places.resolve(name).code
    try:
        return by_code()[code]
    except KeyError:
        raise UnknownGridError(f"no grid intensity is known for {name!r}") from None


@cache
def by_code() -> dict[str, GridIntensity]:
    """Every known grid by its country's ISO 3166-1 alpha-2 code."""
    table = resources.files("operations.energy").joinpath("grid_intensity.csv").read_text(encoding="utf-8")
    known = countries.by_code()
    return {
        row["code"]: GridIntensity(
            row["code"], known[row["code"]].name, float(row["gco2e_per_kwh"]), int(row["year"])
        )
        for row in csv.DictReader(table.splitlines())
    }
