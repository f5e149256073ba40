"""What the runs cost, ready to be shown or written as JSON."""

import os
from collections.abc import Sequence
from statistics import median_low
from typing import NamedTuple

import msgspec

from operations.energy import footprint, grid, uncertainty
from operations.energy.footprint import TWEETS_PER_UNIT, Footprint
from operations.energy.grid import GridIntensity
from operations.energy.power import Meter, Work
from weather_tweets.settings import EnergySettings

COMPARED = ("SE", "FR", "CR", "BR", "ES", "GT", "DE", "US", "MX", "CN", "IN", "ZA")
"""Countries between the cleanest grids and the dirtiest."""


class Run(NamedTuple):
    """One measured run: joules and work by part; `others` is how much of the machine other programs used."""

    tweets: int
    seconds: float
    joules: dict[str, float]
    work: dict[str, Work]
    others: float = 0.0

    @property
    def joules_per_million_tweets(self) -> float:
        return sum(self.joules.values()) * TWEETS_PER_UNIT / self.tweets


class Cost(msgspec.Struct, frozen=True):
    """Energy and emissions of something; `sci_gco2e` is ((E × I) + M)."""

    joules: float
    gco2e: float
    embodied_gco2e: float
    sci_gco2e: float


class ServiceCost(msgspec.Struct, frozen=True):
    """One service's part in a run."""

    name: str
    cpu_seconds: float
    memory_megabytes: float
    share_percent: float
    """Of the joules of all."""
    run: Cost
    per_million_tweets: Cost


class Elsewhere(msgspec.Struct, frozen=True):
    """The same run on another country's grid."""

    country: str
    year: int
    gco2e_per_kwh: float
    sci_gco2e_per_million_tweets: float


class WayCost(msgspec.Struct, frozen=True):
    """One way of sending the same tweets."""

    way: str
    joules_per_million_tweets: float
    cpu_seconds_per_million_tweets: float
    spread_percent: float
    saves_percent: float
    """Against the unary calls."""


class Report(msgspec.Struct, frozen=True):
    """The run in the middle; the spread is (most − least) ÷ middle of all runs' joules per tweet."""

    is_estimate: bool
    method: str
    sources: list[str]
    country: str
    grid_year: int
    grid_gco2e_per_kwh: float
    tweets: int
    runs: int
    run_joules: list[float]
    spread_percent: float
    others_percent: float
    """Of the machine's CPU time, used by programs that are no part of the stack: they disturb the figures."""
    total: Cost
    per_million_tweets: Cost
    uncertainty: uncertainty.Uncertainty
    """Of what a million tweets cost, all services together."""
    services: list[ServiceCost]
    elsewhere: list[Elsewhere]
    ways: list[WayCost]


def of_runs(
    runs: Sequence[Run],
    *,
    ways: dict[str, Sequence[Run]],
    meter: Meter,
    here: GridIntensity,
    settings: EnergySettings,
) -> Report:
    """Summary of the runs, all of the same number of tweets; `ways` has the baseline first."""
    tweets = runs[0].tweets
    intensity = here.gco2e_per_kwh

    # One run as it was, so that its parts add up.
    middle = sorted(runs, key=lambda run: run.joules_per_million_tweets)[(len(runs) - 1) // 2]
    used = {
        part: (middle.joules[part], work.cpu_seconds, work.memory_bytes) for part, work in middle.work.items()
    }
    all_joules = sum(joules for joules, _, _ in used.values())
    costs = {
        part: footprint.footprint(joules, cpu, intensity, settings) for part, (joules, cpu, _) in used.items()
    }
    total = Footprint(
        all_joules,
        sum(cost.operational_gco2e for cost in costs.values()),
        sum(cost.embodied_gco2e for cost in costs.values()),
    )
    services = [
        ServiceCost(
            name=part,
            cpu_seconds=cpu,
            memory_megabytes=memory / 1e6,
            share_percent=100 * joules / all_joules if all_joules else 0.0,
            run=_cost(costs[part]),
            per_million_tweets=_cost(costs[part].per_unit(tweets)),
        )
        for part, (joules, cpu, memory) in used.items()
    ]
    unit = total.per_unit(tweets)
    return Report(
        is_estimate=meter.is_estimate,
        method=meter.method,
        sources=[
            grid.SOURCE if settings.grid_gco2e_per_kwh is None else "grid: WEATHER_ENERGY_GRID_GCO2E_PER_KWH",
            f"SCI: ISO/IEC 21031:2024, ((E × I) + M) per million tweets; M: {footprint.EMBODIED_SOURCE}",
        ],
        country=here.name,
        grid_year=here.year,
        grid_gco2e_per_kwh=intensity,
        tweets=tweets,
        runs=len(runs),
        run_joules=[sum(run.joules.values()) for run in runs],
        spread_percent=_spread(runs),
        others_percent=100 * median_low(run.others for run in runs),
        total=_cost(total),
        per_million_tweets=_cost(unit),
        uncertainty=uncertainty.of(
            [_use(run) for run in runs], intensity, settings, is_estimate=meter.is_estimate
        ),
        services=sorted(services, key=lambda service: -service.run.joules),
        elsewhere=_elsewhere(unit),
        ways=_ways(ways),
    )


def cpus() -> int:
    """CPUs over which a package's energy is shared out."""
    return os.cpu_count() or 1


def _cost(found: Footprint) -> Cost:
    return Cost(found.joules, found.operational_gco2e, found.embodied_gco2e, found.gco2e)


def _use(run: Run) -> uncertainty.Use:
    """What a million tweets would have taken in such a run."""
    factor = TWEETS_PER_UNIT / run.tweets
    memory_bytes = sum(work.memory_bytes for work in run.work.values())
    return uncertainty.Use(
        run.joules_per_million_tweets,
        sum(work.cpu_seconds for work in run.work.values()) * factor,
        memory_bytes / uncertainty.GIGABYTE * run.seconds * factor,
    )


def _spread(runs: Sequence[Run]) -> float:
    figures = [run.joules_per_million_tweets for run in runs]
    middle = median_low(figures)
    return 100 * (max(figures) - min(figures)) / middle if middle else 0.0


def _elsewhere(unit: Footprint) -> list[Elsewhere]:
    compared = [grid.of_country(code) for code in COMPARED] + [grid.WORLD]
    return [
        Elsewhere(
            place.name,
            place.year,
            place.gco2e_per_kwh,
            footprint.operational_gco2e(unit.joules, place.gco2e_per_kwh) + unit.embodied_gco2e,
        )
        for place in sorted(compared, key=lambda place: place.gco2e_per_kwh)
    ]


def _ways(ways: dict[str, Sequence[Run]]) -> list[WayCost]:
    if not ways:
        return []
    joules = {way: median_low(run.joules_per_million_tweets for run in runs) for way, runs in ways.items()}
    baseline = next(iter(joules.values()))
    return [
        WayCost(
            way=way,
            joules_per_million_tweets=joules[way],
            cpu_seconds_per_million_tweets=median_low(
                sum(work.cpu_seconds for work in run.work.values()) * TWEETS_PER_UNIT / run.tweets
                for run in runs
            ),
            spread_percent=_spread(runs),
            saves_percent=100 * (1 - joules[way] / baseline) if baseline else 0.0,
        )
        for way, runs in ways.items()
    ]
