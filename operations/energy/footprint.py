"""From joules to gCO2e, and to the Software Carbon Intensity (SCI, ISO/IEC 21031:2024)."""

from dataclasses import dataclass

from weather_tweets.settings import EnergySettings

JOULES_PER_KWH = 3.6e6
SECONDS_PER_YEAR = 365 * 24 * 3600
TWEETS_PER_UNIT = 1_000_000
"""R, the functional unit of the SCI."""

EMBODIED_SOURCE = (
    "Cloud Carbon Footprint: 1,000 kgCO2e to make a rack server of one socket, used for 4 years; our share "
    "is by the CPU-seconds used of all that its CPUs have in that time"
)


@dataclass(frozen=True, slots=True)
class Footprint:
    """What some work cost: energy, its emissions, and its share of making the machine."""

    joules: float
    operational_gco2e: float
    embodied_gco2e: float

    @property
    def gco2e(self) -> float:
        """(E × I) + M."""
        return self.operational_gco2e + self.embodied_gco2e

    def per_unit(self, tweets: int) -> "Footprint":
        """The same per million tweets; its `gco2e` is the SCI."""
        factor = TWEETS_PER_UNIT / tweets
        return Footprint(self.joules * factor, self.operational_gco2e * factor, self.embodied_gco2e * factor)


def operational_gco2e(joules: float, gco2e_per_kwh: float) -> float:
    """E × I."""
    return joules / JOULES_PER_KWH * gco2e_per_kwh


def embodied_gco2e(cpu_seconds: float, settings: EnergySettings) -> float:
    """M: the server's embodied emissions × time used / lifetime × CPUs used / CPUs there are."""
    lifetime_cpu_seconds = settings.server_years * SECONDS_PER_YEAR * settings.server_cpus
    return settings.server_embodied_kgco2e * 1000 * cpu_seconds / lifetime_cpu_seconds


def footprint(joules: float, cpu_seconds: float, gco2e_per_kwh: float, settings: EnergySettings) -> Footprint:
    """All three of one piece of work."""
    return Footprint(joules, operational_gco2e(joules, gco2e_per_kwh), embodied_gco2e(cpu_seconds, settings))
